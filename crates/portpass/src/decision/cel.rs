//! `cel`: an expression over facts, claims and registry, compiled once, bounded.
//!
//! The only place that hands text to the CEL parser. Its grammar is recursive,
//! so it runs on a thread with a stack of its own, and what it gives is held to
//! a depth that any thread can evaluate.

use std::{
    collections::BTreeSet,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use cel::{
    IdedExpr, Program, Value,
    common::ast::{EntryExpr, Expr, IdedEntryExpr, LiteralValue},
};

use super::{
    suggestion::did_you_mean,
    variables::{Environment, Variables},
};
use crate::identity::Fact;

/// The longest expression, in bytes.
const LONGEST: usize = 4096;
/// The stack that the parser gets, in bytes.
const PARSER_STACK: usize = 64 << 20;
/// How deeply an expression may nest: evaluation of this much fits into the two
/// megabytes of a thread of the runtime, also without optimisation (tested).
const DEEPEST: usize = 32;
/// How deeply macros over lists may nest: the time grows with this power.
const DEEPEST_LOOP: usize = 2;

/// The variables that there are.
pub(super) const VARIABLES: [(&str, &str); 3] = [
    (
        "claims",
        "the verified payload of the JWT, as it came: `claims.repository_owner_id`",
    ),
    (
        "facts",
        "the caller's facts by the words of `when`: `facts.ref`",
    ),
    ("registry", "the name of the registry's table, a string"),
];

/// The functions that there are, beside the operators and macros.
pub(super) const FUNCTIONS: [&str; 11] = [
    "bool",
    "contains",
    "double",
    "dyn",
    "endsWith",
    "int",
    "size",
    "startsWith",
    "string",
    "type",
    "uint",
];

/// The names of types, as `type(x) == string` compares them.
const TYPES: [&str; 9] = [
    "bool",
    "bytes",
    "double",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "uint",
];

/// A compiled expression.
#[derive(Debug)]
pub(super) struct Expression {
    text: String,
    program: Program,
    claims: NamedClaims,
}

/// The claims whose values an expression can depend on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum NamedClaims {
    /// `claims` stands on its own somewhere.
    All,
    /// Only these members are looked at.
    Some(BTreeSet<String>),
}

impl Default for NamedClaims {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl NamedClaims {
    /// Whether a claim is one of them.
    pub(super) fn has(&self, claim: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) => names.contains(claim),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::All, _) => {}
            (_, Self::All) => *self = Self::All,
            (Self::Some(names), Self::Some(more)) => names.extend(more.iter().cloned()),
        }
    }
}

/// Why a text is not an expression that a rule may hold.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum CelError {
    #[error("the expression nests more than {DEEPEST} levels deep; split it into several rules")]
    Deep,
    #[error("macros over lists nest more than {DEEPEST_LOOP} levels deep")]
    DeepLoop,
    #[error("the expression is longer than {LONGEST} bytes")]
    Long,
    #[error("the expression is never true or false")]
    NotBoolean,
    #[error("`{0}` has a meaning already; call the macro's variable otherwise")]
    Shadowed(String),
    #[error("no expression: {0}")]
    Syntax(String),
    #[error("there is no fact `{0}`{hint}", hint = did_you_mean(.0, Fact::ALL.map(Fact::name)))]
    UnknownFact(String),
    #[error("unknown function `{0}`; there are {list}, and the macros all, exists, exists_one, filter, has, map", list = FUNCTIONS.join(", "))]
    UnknownFunction(String),
    #[error("unknown variable `{0}`; there are `claims`, `facts` and `registry`")]
    UnknownVariable(String),
}

impl Expression {
    /// Compiles a text.
    ///
    /// # Errors
    ///
    /// When it is no CEL, exceeds a bound or refers to what is not there.
    pub(super) fn compile(environment: &Environment, text: &str) -> Result<Self, CelError> {
        if text.len() > LONGEST {
            return Err(CelError::Long);
        }
        // What was parsed too deep is also dropped on the big stack.
        let parse = || {
            let program = environment.0.compile(text).map_err(|errors| {
                CelError::Syntax(unreadable(
                    text,
                    errors.errors.first().map(|error| error.pos),
                ))
            })?;
            let mut reading = Reading::default();
            reading.read(program.expression(), 1, 0)?;
            if matches!(
                &program.expression().expr,
                Expr::List(_) | Expr::Map(_) | Expr::Struct(_)
            ) || matches!(
                &program.expression().expr,
                Expr::Literal(literal) if !matches!(literal, LiteralValue::Boolean(_))
            ) {
                return Err(CelError::NotBoolean);
            }
            Ok(Self {
                text: text.to_owned(),
                program,
                claims: reading.claims,
            })
        };
        let crashed = || CelError::Syntax("the parser gave up on it".to_owned());
        thread::scope(|scope| {
            thread::Builder::new()
                .stack_size(PARSER_STACK)
                .spawn_scoped(scope, parse)
                .map_err(|_no_thread| crashed())?
                .join()
                .unwrap_or_else(|_panic| Err(crashed()))
        })
    }

    /// As the file has it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The claims that it names.
    pub(super) fn claims(&self) -> &NamedClaims {
        &self.claims
    }

    /// Whether it is true; `None` where it cannot be evaluated: it names a
    /// member that is not there, or one that is too long to be given.
    pub(super) fn evaluate(&self, variables: &Variables<'_>) -> Option<bool> {
        if variables.withholds(&self.claims) {
            return None;
        }
        let execute = || self.program.execute(&variables.context);
        match catch_unwind(AssertUnwindSafe(execute)) {
            Ok(Ok(Value::Bool(is_true))) => Some(is_true),
            Ok(_) | Err(_) => None,
        }
    }
}

/// What is learnt from an expression's tree before it is believed.
#[derive(Default)]
struct Reading {
    claims: NamedClaims,
    /// The variables that the macros around bring in.
    bound: Vec<String>,
}

impl Reading {
    fn read(&mut self, expression: &IdedExpr, depth: usize, loops: usize) -> Result<(), CelError> {
        if depth > DEEPEST {
            return Err(CelError::Deep);
        }
        let next = depth + 1;
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.read_name(name),
            Expr::Select(select) => {
                if is_variable(&select.operand, "claims") {
                    self.claims.add(&one_claim(&select.field));
                    return Ok(());
                }
                if is_variable(&select.operand, "facts") {
                    return known_fact(&select.field);
                }
                self.read(&select.operand, next, loops)
            }
            Expr::Call(call) => {
                let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                if call.func_name.chars().all(is_word)
                    && !FUNCTIONS.contains(&call.func_name.as_str())
                {
                    return Err(CelError::UnknownFunction(call.func_name.clone()));
                }
                if call.func_name == cel::common::ast::operators::INDEX
                    && let [operand, index] = call.args.as_slice()
                    && let Expr::Literal(LiteralValue::String(name)) = &index.expr
                {
                    if is_variable(operand, "claims") {
                        self.claims.add(&one_claim(name.inner()));
                        return Ok(());
                    }
                    if is_variable(operand, "facts") {
                        return known_fact(name.inner());
                    }
                }
                let operands = call.target.iter().map(AsRef::as_ref).chain(&call.args);
                self.read_all(operands, next, loops)
            }
            Expr::List(list) => self.read_all(&list.elements, next, loops),
            Expr::Map(map) => self.read_entries(&map.entries, next, loops),
            Expr::Struct(_) => Err(CelError::NotBoolean),
            Expr::Comprehension(each) => {
                if loops == DEEPEST_LOOP {
                    return Err(CelError::DeepLoop);
                }
                // The list itself is made outside the loop, yet may be what an
                // inner loop made: it counts as nested, too.
                self.read(&each.iter_range, next, loops + 1)?;
                let known = self.bound.len();
                let names = [Some(&each.iter_var), each.iter_var2.as_ref()];
                for name in names.into_iter().flatten().chain([&each.accu_var]) {
                    if VARIABLES.iter().any(|(variable, _)| variable == name) {
                        return Err(CelError::Shadowed(name.clone()));
                    }
                    self.bound.push(name.clone());
                }
                let parts = [
                    &each.accu_init,
                    &each.loop_cond,
                    &each.loop_step,
                    &each.result,
                ];
                self.read_all(parts, next, loops + 1)?;
                self.bound.truncate(known);
                Ok(())
            }
        }
    }

    fn read_all<'e>(
        &mut self,
        expressions: impl IntoIterator<Item = &'e IdedExpr>,
        depth: usize,
        loops: usize,
    ) -> Result<(), CelError> {
        expressions
            .into_iter()
            .try_for_each(|expression| self.read(expression, depth, loops))
    }

    fn read_entries(
        &mut self,
        entries: &[IdedEntryExpr],
        depth: usize,
        loops: usize,
    ) -> Result<(), CelError> {
        for entry in entries {
            match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.read_all([&entry.key, &entry.value], depth, loops)?;
                }
                EntryExpr::StructField(field) => self.read(&field.value, depth, loops)?,
            }
        }
        Ok(())
    }

    fn read_name(&mut self, name: &str) -> Result<(), CelError> {
        if self.bound.iter().any(|bound| bound == name) || TYPES.contains(&name) {
            return Ok(());
        }
        if name == "claims" {
            self.claims = NamedClaims::All;
        }
        if VARIABLES.iter().any(|(variable, _)| *variable == name) {
            Ok(())
        } else {
            Err(CelError::UnknownVariable(name.to_owned()))
        }
    }
}

fn is_variable(expression: &IdedExpr, variable: &str) -> bool {
    matches!(&expression.expr, Expr::Ident(name) if name == variable)
}

fn known_fact(name: &str) -> Result<(), CelError> {
    match name.parse::<Fact>() {
        Ok(_) => Ok(()),
        Err(_unknown) => Err(CelError::UnknownFact(name.to_owned())),
    }
}

/// Where the parser lost its way, by its line and column, in our words: its own
/// are of grammars and tokens.
fn unreadable(text: &str, at: Option<(isize, isize)>) -> String {
    const SHOWN: usize = 20;
    let number = |number: isize| usize::try_from(number).ok();
    let found = at.and_then(|(line, column)| {
        let (line, column) = (number(line)?, number(column)?.max(1));
        let rest = text.lines().nth(line.checked_sub(1)?)?.chars();
        let rest = rest.filter(|letter| !letter.is_control());
        let rest: String = rest.skip(column - 1).take(SHOWN).collect();
        Some((line, column, rest))
    });
    match found {
        _ if text.trim().is_empty() => "it is empty".to_owned(),
        None => "it cannot be read".to_owned(),
        Some((_, _, rest)) if rest.trim().is_empty() => "it ends too early".to_owned(),
        Some((line, column, rest)) => {
            let line = if text.trim().contains('\n') {
                format!("line {line}, ")
            } else {
                String::new()
            };
            format!("it cannot be read from {line}character {column} on: `{rest}`")
        }
    }
}

fn one_claim(name: &str) -> NamedClaims {
    NamedClaims::Some(BTreeSet::from([name.to_owned()]))
}
