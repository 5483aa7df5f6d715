//! Conditions of a whole batch come true together, or those that cannot, not at all.
//!
//! First every row that decides something is placed or locked: sessions, then
//! namespaces, each in the order of their keys. Then the conditions are gone
//! through in memory, in their order; and then all is written that stands. So
//! a batch takes a few statements, however many conditions there are, and two
//! replicas can wait for one another, but not in a circle.

use super::{
    Conditions, Overtaken, StoreError, Transaction, Verdict, api_tokens, identities, inbox,
    namespaces::Claims, refresh_tokens, session_uses::Uses,
};

impl Transaction {
    /// Makes conditions come true, one after the other; those that cannot
    /// change nothing. One verdict for each.
    ///
    /// # Errors
    ///
    /// When the database fails; then nothing of the transaction stands.
    pub async fn settle(&mut self, conditions: &[&Conditions]) -> Result<Vec<Verdict>, StoreError> {
        let mut uses = Uses::place(self, conditions).await?;
        let claimed = conditions.iter().flat_map(|conditions| &conditions.claims);
        let mut claims = Claims::place(self, claimed).await?;

        let mut verdicts = Vec::with_capacity(conditions.len());
        for conditions in conditions {
            verdicts.push(judge(conditions, &mut uses, &mut claims));
        }
        uses.finish(self).await?;
        claims.finish(self).await?;

        let standing: Vec<(&mut Verdict, &Conditions)> = verdicts
            .iter_mut()
            .zip(conditions.iter().copied())
            .filter(|(verdict, _)| matches!(verdict, Verdict::Kept { .. }))
            .collect();
        self.write_standing(standing).await?;
        Ok(verdicts)
    }

    /// Writes what cannot fail any more.
    async fn write_standing(
        &mut self,
        mut standing: Vec<(&mut Verdict, &Conditions)>,
    ) -> Result<(), StoreError> {
        let all = || standing.iter().map(|(_, conditions)| *conditions);
        let seen: Vec<_> = all()
            .filter_map(|conditions| conditions.identity.as_ref())
            .collect();
        let waiting: Vec<_> = all()
            .filter_map(|conditions| conditions.inbox.as_ref())
            .collect();
        let used: Vec<_> = all()
            .filter_map(|conditions| conditions.api_token.as_ref())
            .collect();
        let tokens: Vec<_> = all()
            .filter_map(|conditions| conditions.refresh_token.as_ref())
            .collect();
        let stored = refresh_tokens::store(self, &tokens).await?;
        identities::note(self, &seen).await?;
        inbox::enter(self, &waiting).await?;
        api_tokens::note_uses(self, &used).await?;

        let asked = standing
            .iter_mut()
            .filter(|(_, conditions)| conditions.refresh_token.is_some());
        for ((verdict, _), is_stored) in asked.zip(stored) {
            if let Verdict::Kept { refresh_token, .. } = verdict {
                *refresh_token = is_stored;
            }
        }
        Ok(())
    }
}

fn judge<'a>(conditions: &'a Conditions, uses: &mut Uses<'a>, claims: &mut Claims<'a>) -> Verdict {
    if let Some(login) = uses.overtaken(conditions) {
        let login = login.to_owned();
        return Verdict::Overtaken(Overtaken::Session { login });
    }
    if let Some(row) = claims.overtaken(&conditions.claims) {
        return Verdict::Overtaken(Overtaken::Namespace {
            registry: row.registry.clone(),
            namespace: row.namespace.clone(),
        });
    }
    claims.win(&conditions.claims);
    let counted = conditions
        .session
        .as_ref()
        .and_then(|session| uses.count(session));
    let (uses, sealed) = counted.unzip();
    Verdict::Kept {
        refresh_token: false,
        uses,
        sealed: sealed.flatten(),
    }
}
