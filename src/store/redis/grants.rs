//! The codes and grants of a realm in the store.

use super::keys::fingerprint;
use super::realm::SharedRealm;
use super::records::{
    FoundReply, code_text, grant_arguments, presented_arguments, read_found, read_grant,
    read_revocation, read_rotation, revocation_text,
};
use super::scripts::SCRIPTS;
use crate::store::{
    Code, Conflict, Found, Grant, Presented, Redemption, Renewal, RenewalOutcome, Revocation,
    Rotation, Unavailable,
};
use crate::token::GrantId;

/// How long a code stays after its expiry, so that a client that sends it late learns why it fails.
const CODE_KEPT_MS: i64 = 10 * 60 * 1_000;

impl SharedRealm {
    /// See [`GrantStore::record_code`](crate::store::GrantStore::record_code).
    pub(crate) async fn record_code(
        &self,
        code: &str,
        issued: Code,
        now_ms: i64,
    ) -> Result<bool, Unavailable> {
        let mut script = self.on_grants(&SCRIPTS.record_code, now_ms);
        script
            .arg(fingerprint(code))
            .arg(code_text(&issued))
            .arg(issued.expires_at_ms.saturating_add(CODE_KEPT_MS));

        match self.link.connection.run::<i64>(&script).await? {
            -1 => Err(Unavailable),
            inserted => Ok(inserted == 1),
        }
    }

    /// See [`GrantStore::look_up`](crate::store::GrantStore::look_up).
    pub(crate) async fn look_up(&self, presented: &Presented<'_>) -> Result<Found, Unavailable> {
        let mut script = self.on_look_up(&SCRIPTS.found);
        script.arg("").arg("").arg(&presented_arguments(presented));
        let reply: FoundReply = self.link.connection.run(&script).await?;
        Ok(read_found(reply))
    }

    /// See [`GrantStore::redeem`](crate::store::GrantStore::redeem).
    pub(crate) async fn redeem(&self, redemption: Redemption<'_>) -> Result<(), Conflict> {
        let Redemption { code, grant, is_reusable, now_ms } = redemption;
        let mut script = self.on_grants(&SCRIPTS.redeem, now_ms);
        script.arg(fingerprint(code)).arg(i32::from(is_reusable)).arg(&grant_arguments(&grant));

        read_outcome(self.link.connection.run(&script).await?)
    }

    /// See [`GrantStore::renew`](crate::store::GrantStore::renew).
    pub(crate) async fn renew(&self, renewal: Renewal) -> Result<(), Conflict> {
        let Renewal { token, grant, claimed_expiry_ms, outcome, now_ms } = renewal;
        let mut script = self.on_grants(&SCRIPTS.renew, now_ms);
        script.arg(&grant_arguments(&grant)).arg(token.to_string()).arg(claimed_expiry_ms);
        match outcome {
            RenewalOutcome::Extend { expires_at_ms } => {
                script.arg("extend").arg(expires_at_ms).arg("").arg("")
            }
            RenewalOutcome::Rotate(Rotation { successor, at_ms }) => {
                script.arg("rotate").arg("").arg(successor.to_string()).arg(at_ms)
            }
            RenewalOutcome::Keep => script.arg("keep").arg("").arg("").arg(""),
        };

        read_outcome(self.link.connection.run(&script).await?)
    }

    /// See [`GrantStore::upsert_grant`](crate::store::GrantStore::upsert_grant).
    pub(crate) async fn upsert_grant(&self, grant: Grant, now_ms: i64) -> Result<(), Conflict> {
        let mut script = self.on_grants(&SCRIPTS.upsert_grant, now_ms);
        script.arg(&grant_arguments(&grant));
        read_outcome(self.link.connection.run(&script).await?)
    }

    /// See [`GrantStore::revoke`](crate::store::GrantStore::revoke).
    pub(crate) async fn revoke(
        &self,
        id: GrantId,
        reason: Revocation,
    ) -> Result<Option<Revocation>, Unavailable> {
        let mut script = self.on_grants(&SCRIPTS.revoke, 0);
        script.arg(id.to_string()).arg(revocation_text(reason));
        let stands: Option<String> = self.link.connection.run(&script).await?;
        Ok(stands.as_deref().and_then(read_revocation))
    }

    /// See [`GrantStore::revoke_grant`](crate::store::GrantStore::revoke_grant).
    pub(crate) async fn revoke_grant(
        &self,
        grant: Grant,
        reason: Revocation,
        now_ms: i64,
    ) -> Result<(), Unavailable> {
        let [id, fixed, granted_at, purge_after] = grant_arguments(&grant);
        let mut script = self.on_grants(&SCRIPTS.revoke, now_ms);
        script.arg(id).arg(revocation_text(reason)).arg(&[fixed, granted_at, purge_after]);

        match self.link.connection.run::<Option<String>>(&script).await? {
            Some(_) => Ok(()),
            None => Err(Unavailable),
        }
    }

    /// See [`GrantStore::grants`](crate::store::GrantStore::grants).
    pub(crate) async fn grants(&self, now_ms: i64) -> Result<Vec<Grant>, Unavailable> {
        let mut fields = std::collections::HashMap::<String, String>::new();
        let mut cursor = 0_u64;
        loop {
            let mut command = redis::cmd("HSCAN");
            command.arg(&self.keys.grants).arg(cursor).arg("COUNT").arg(1_000);
            let (next, page): (u64, Vec<(String, String)>) =
                self.link.connection.send(&command).await?;
            fields.extend(page);
            if next == 0 {
                break;
            }
            cursor = next;
        }

        let field = |name: String| fields.get(&name).cloned();
        let ids = fields.keys().filter(|name| !name.contains(':'));
        let mut grants: Vec<(u64, Grant)> = ids
            .filter_map(|id| {
                read_grant((
                    id.clone(),
                    field(id.clone())?,
                    field(format!("{id}:t"))?,
                    field(format!("{id}:p"))?,
                    field(format!("{id}:r")).unwrap_or_default(),
                ))
            })
            .filter(|(_, grant)| grant.purge_after_ms > now_ms)
            .collect();

        grants.sort_by_key(|(order, grant)| (grant.granted_at_ms, *order));
        Ok(grants.into_iter().map(|(_, grant)| grant).collect())
    }

    /// Removes what has expired by a time of the realm's clock.
    pub(crate) async fn purge(&self, now_ms: i64) -> Result<(), Unavailable> {
        while self.link.connection.run::<u64>(&self.on_grants(&SCRIPTS.purge, now_ms)).await? > 0 {}
        Ok(())
    }
}

/// Reads the outcome of a script that changes grants.
fn read_outcome(reply: Vec<String>) -> Result<(), Conflict> {
    let texts: Vec<&str> = reply.iter().map(String::as_str).collect();
    let conflict = match texts[..] {
        ["done"] => return Ok(()),
        ["unknown"] => Some(Conflict::Unknown),
        ["redeemed", grant] => GrantId::parse(grant).map(Conflict::AlreadyRedeemed),
        ["revoked", reason] => read_revocation(reason).map(Conflict::Revoked),
        ["rotated", successor, at] => read_rotation(successor, at).map(Conflict::Rotated),
        _ => None,
    };
    Err(conflict.unwrap_or(Conflict::Unavailable))
}
