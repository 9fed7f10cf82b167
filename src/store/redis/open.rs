//! The beginning of a request: one round trip that looks up what it presents, and takes the step of a
//! scenario.

use std::time::Instant;

use redis::Value;

use super::realm::SharedRealm;
use super::records::{FoundReply, presented_arguments, read_found};
use super::scripts::SCRIPTS;
use crate::scenario::{Candidate, Step};
use crate::store::{Found, Presented, Unavailable};

/// The number of times that a request asks again because others have drawn meanwhile.
const MAX_ATTEMPTS: usize = 20;

/// What a request has when it begins.
pub(crate) struct Opened {
    /// Its number in the journal.
    pub(crate) number: u64,
    pub(crate) found: Found,
    pub(crate) step: Option<Step>,
}

/// The number of the request, the time of the store in seconds and microseconds, what was found, the step,
/// and the draws of scenarios.
type OpenReply = (u64, String, String, FoundReply, StepPart, Vec<(String, u64)>);
/// The ID of the scenario, the number of the outcome, and the milliseconds of its rate limit.
type StepPart = Option<(String, usize, i64)>;

impl SharedRealm {
    /// Begins a request, at a time of the realm's clock. `candidates` returns the scenarios that it
    /// matches. Returns `None` if the realm has changed since the replica has loaded it.
    pub(crate) async fn open(
        &self,
        presented: &Presented<'_>,
        now_ms: i64,
        candidates: impl Fn() -> Vec<Candidate>,
    ) -> Result<Option<Opened>, Unavailable> {
        for _ in 0..MAX_ATTEMPTS {
            let candidates = candidates();
            let sent = Instant::now();
            let reply = self.send_open(presented, now_ms, &candidates).await?;

            match reply.as_slice() {
                [] => return Ok(None),
                [_, _] => {
                    let (scenario, drawn): (String, u64) =
                        redis::from_redis_value(Value::Array(reply)).map_err(|_| Unavailable)?;
                    note_drawn(&candidates, &scenario, drawn);
                }
                _ => return self.read_opened(sent, reply, &candidates).map(Some),
            }
        }
        Err(Unavailable)
    }

    async fn send_open(
        &self,
        presented: &Presented<'_>,
        now_ms: i64,
        candidates: &[Candidate],
    ) -> Result<Vec<Value>, Unavailable> {
        let known = self.known();
        let script = if candidates.is_empty() { &SCRIPTS.open } else { &SCRIPTS.open_and_take };
        let mut script = self.on_look_up(script);
        script.arg(&*known.epoch).arg(known.number).arg(&presented_arguments(presented));
        script.arg(if self.link.time.is_due() { "1" } else { "" });
        if !candidates.is_empty() {
            script.arg(now_ms).arg(serde_json::to_string(candidates).unwrap_or_default());
        }
        self.link.connection.run(&script).await
    }

    fn read_opened(
        &self,
        sent: Instant,
        reply: Vec<Value>,
        candidates: &[Candidate],
    ) -> Result<Opened, Unavailable> {
        let reply: OpenReply =
            redis::from_redis_value(Value::Array(reply)).map_err(|_| Unavailable)?;
        let (number, seconds, micros, found, step, drawn) = reply;
        self.link.time.note(sent, &seconds, &micros);
        for (scenario, drawn) in drawn {
            note_drawn(candidates, &scenario, drawn);
        }

        let step = step.and_then(|(id, number, limited_ms)| {
            let candidate = candidates.iter().find(|it| it.scenario.id() == id)?;
            Some(Step::taken(&candidate.scenario, number, limited_ms))
        });
        Ok(Opened { number, found: read_found(found), step })
    }
}

/// Notes how many draws a scenario has made at all replicas.
fn note_drawn(candidates: &[Candidate], scenario: &str, drawn: u64) {
    if let Some(candidate) = candidates.iter().find(|it| it.scenario.id() == scenario) {
        candidate.scenario.set_drawn(drawn);
    }
}
