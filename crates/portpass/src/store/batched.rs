//! One statement for many rows: a few fixed sizes, so that each stays prepared.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

/// How many rows one statement takes; any number is a few of these.
const SIZES: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// A statement that reads some columns. Never `*`: PostgreSQL refuses to run a
/// prepared statement whose columns have become more.
pub(super) fn select(columns: &[&str], from: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("SELECT {} {from}", columns.join(", ")))
}

/// A value on its way into a statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Number(Option<i64>),
    Text(Option<&'a str>),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Number(number)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::Text(text.as_deref())
    }
}

/// A statement with a list of rows in its middle.
#[derive(Debug)]
pub(super) struct Batched {
    columns: usize,
    /// For PostgreSQL, which is far away: as many rows as may be at once.
    of_many: Vec<(usize, String)>,
    /// For `SQLite`, which runs one statement as quickly as part of another.
    of_one: String,
}

impl Batched {
    /// `before` and `after` the list of rows, each of which has so many columns.
    pub(super) fn new(before: &str, columns: usize, after: &str) -> Self {
        let of = |rows: usize| format!("{before}{}{after}", parameters(rows, columns));
        Self {
            columns,
            of_many: SIZES.map(|rows| (rows, of(rows))).into(),
            of_one: numbered(&of(1)),
        }
    }

    /// A statement of so many values, without a list.
    pub(super) fn plain(sql: &str, columns: usize) -> Self {
        Self {
            columns,
            of_many: vec![(1, sql.to_owned())],
            of_one: numbered(sql),
        }
    }

    /// Rows of a table; `conflict` says what happens to those that are there already.
    pub(super) fn insert(table: &str, columns: &[&str], conflict: &str) -> Self {
        let names = columns.join(", ");
        let before = format!("INSERT INTO {table} ({names}) VALUES ");
        Self::new(&before, columns.len(), conflict)
    }

    /// The rows of a table with some keys, whose `columns` are read. PostgreSQL
    /// locks them until the commit, everywhere in the same order, so that two
    /// replicas wait for each other but never both; on `SQLite` there is one writer.
    pub(super) fn lock(columns: &str, table: &str, key: &[&str]) -> Self {
        let names = key.join(", ");
        let order: Vec<_> = key
            .iter()
            .map(|name| format!("{name} COLLATE \"C\""))
            .collect();
        let order = order.join(", ");
        let equal: Vec<_> = (1..)
            .zip(key)
            .map(|(number, name)| format!("{name} = ?{number}"))
            .collect();
        Self {
            of_one: format!(
                "SELECT {columns} FROM {table} WHERE {}",
                equal.join(" AND ")
            ),
            ..Self::new(
                &format!("SELECT {columns} FROM {table} WHERE ({names}) IN (VALUES "),
                key.len(),
                &format!(") ORDER BY {order} FOR UPDATE"),
            )
        }
    }

    /// How many values one row has.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The statement for one row, as `SQLite` reads it.
    pub(super) fn of_one(&self) -> &str {
        &self.of_one
    }

    /// The statements that PostgreSQL runs for the values of any number of rows, with the
    /// values of each.
    pub(super) fn parts<'v, 'a>(
        &'static self,
        values: &'v [Value<'a>],
    ) -> impl Iterator<Item = (&'static str, &'v [Value<'a>])> {
        // Without values there is nothing to go through, and yet something to do.
        let once = (self.columns == 0).then(|| self.of_many.first()).flatten();
        let once = once.map(|(_, text)| (text.as_str(), values));
        let mut rest = values;
        let parts = std::iter::from_fn(move || {
            self.of_many.iter().find_map(|(rows, text)| {
                let all = rows * self.columns;
                let (now, later) = rest.split_at_checked(all).filter(|_| all > 0)?;
                rest = later;
                Some((text.as_str(), now))
            })
        });
        once.into_iter().chain(parts)
    }
}

/// As `SQLite` numbers parameters: `$1` would be a name there, and names cost a search for each.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

/// `($1, $2), ($3, $4)`
fn parameters(rows: usize, columns: usize) -> String {
    let mut text = String::new();
    for index in 0..rows * columns {
        let separator = match (index, index % columns) {
            (0, _) => "(",
            (_, 0) => "), (",
            _ => ", ",
        };
        write!(text, "{separator}${}", index + 1).expect("writing to a string cannot fail");
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static PAIRS: LazyLock<Batched> = LazyLock::new(|| Batched::insert("t", &["a", "b"], ""));

    #[test]
    fn any_number_of_rows_is_a_few_statements() {
        let rows: Vec<Value<'_>> = (0..2 * 86).map(Value::from).collect();
        let sizes: Vec<_> = PAIRS.parts(&rows).map(|(_, part)| part.len() / 2).collect();
        assert_eq!(sizes, [64, 16, 4, 2]);
        assert_eq!(PAIRS.parts(&[]).count(), 0);
    }

    #[test]
    fn parameters_count_through_all_rows() {
        assert_eq!(parameters(2, 2), "($1, $2), ($3, $4)");
        assert_eq!(parameters(2, 1), "($1), ($2)");
    }

    #[test]
    fn only_postgresql_locks_rows() {
        static LOCK: LazyLock<Batched> = LazyLock::new(|| Batched::lock("a", "t", &["a", "b"]));
        let (text, _) = LOCK
            .parts(&[Value::from(1), Value::from(2)])
            .next()
            .unwrap();
        let locks = "SELECT a FROM t WHERE (a, b) IN (VALUES ($1, $2)) \
                     ORDER BY a COLLATE \"C\", b COLLATE \"C\" FOR UPDATE";
        assert_eq!(text, locks);
        assert_eq!(LOCK.of_one(), "SELECT a FROM t WHERE a = ?1 AND b = ?2");
    }

    #[test]
    fn a_statement_without_values_runs_once() {
        static COUNT: LazyLock<Batched> = LazyLock::new(|| Batched::plain("UPDATE t", 0));
        let texts: Vec<_> = COUNT.parts(&[]).map(|(text, _)| text).collect();
        assert_eq!(texts, ["UPDATE t"]);
    }
}
