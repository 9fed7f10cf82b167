//! `delay`: waiting before the answer.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use rand::RngExt;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::units::HumanDuration;

/// A wait of real time (a realm's clock does not shorten it), fixed or drawn between two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    min: HumanDuration,
    max: HumanDuration,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DelayRange")]
struct Range {
    /// The shortest wait.
    min: HumanDuration,
    /// The longest wait.
    max: HumanDuration,
}

impl Delay {
    /// A wait drawn evenly between two ends.
    pub fn between(one: Duration, other: Duration) -> Self {
        Self { min: one.min(other).into(), max: one.max(other).into() }
    }

    fn draw(self) -> Duration {
        let ms = rand::rng().random_range(self.min.as_ms()..=self.max.as_ms());
        HumanDuration::from_ms(ms).into()
    }

    /// Waits; no thread is held.
    pub(crate) async fn wait(self) {
        tokio::time::sleep(self.draw()).await;
    }
}

impl From<Duration> for Delay {
    fn from(duration: Duration) -> Self {
        Self { min: duration.into(), max: duration.into() }
    }
}

impl Serialize for Delay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.min == self.max {
            return self.min.serialize(serializer);
        }
        Range { min: self.min, max: self.max }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Delay;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time such as 250ms, or { min: 100ms, max: 2s }")
            }

            fn visit_str<E: de::Error>(self, written: &str) -> Result<Delay, E> {
                let period: HumanDuration = written.parse().map_err(E::custom)?;
                Ok(Delay { min: period, max: period })
            }

            fn visit_u64<E: de::Error>(self, written: u64) -> Result<Delay, E> {
                self.visit_str(&written.to_string())
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Delay, A::Error> {
                let Range { min, max } = Range::deserialize(MapAccessDeserializer::new(map))?;
                if min > max {
                    return Err(de::Error::custom(format!(
                        "min ({min}) is longer than max ({max})"
                    )));
                }
                Ok(Delay { min, max })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Delay {
    fn schema_name() -> Cow<'static, str> {
        "Delay".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let period = generator.subschema_for::<HumanDuration>();
        let range = generator.subschema_for::<Range>();
        json_schema!({ "anyOf": [period, range] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_delay_stays_between_its_ends() {
        let delay: Delay = serde_json::from_str(r#"{"min":"100ms","max":"2s"}"#).unwrap();
        for _ in 0..100 {
            assert!((100..=2000).contains(&delay.draw().as_millis()));
        }
        assert!(serde_json::from_str::<Delay>(r#"{"min":"3s","max":"2s"}"#).is_err());
        assert!(serde_json::from_str::<Delay>("2").is_err());
    }
}
