//! `delay`: waits before the response.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use rand::RngExt;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::units::HumanDuration;

/// A delay in real time, fixed or drawn at random from a range. It does not
/// follow the realm's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    min: HumanDuration,
    max: HumanDuration,
}

/// A range of delays.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "DelayRange")]
struct DelayRange {
    /// The shortest delay.
    min: HumanDuration,
    /// The longest delay.
    max: HumanDuration,
}

impl Delay {
    /// Creates a delay that is drawn evenly from a range. The bounds may be in either order.
    pub fn between(a: Duration, b: Duration) -> Self {
        Self { min: a.min(b).into(), max: a.max(b).into() }
    }

    fn draw(self) -> Duration {
        let ms = rand::rng().random_range(self.min.as_ms()..=self.max.as_ms());
        HumanDuration::from_ms(ms).into()
    }

    /// Waits without blocking the thread.
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
        DelayRange { min: self.min, max: self.max }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Delay;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as 250ms, or { min: 100ms, max: 2s }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Delay, E> {
                let fixed: HumanDuration = text.parse().map_err(E::custom)?;
                Ok(Delay { min: fixed, max: fixed })
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Delay, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Delay, A::Error> {
                let DelayRange { min, max } =
                    DelayRange::deserialize(MapAccessDeserializer::new(map))?;

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
        let fixed = generator.subschema_for::<HumanDuration>();
        let range = generator.subschema_for::<DelayRange>();
        json_schema!({
            "description": "A fixed delay, or a range from which the delay is drawn.",
            "anyOf": [fixed, range],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_delay_is_within_its_range() {
        let delay: Delay = serde_json::from_str(r#"{"min":"100ms","max":"2s"}"#).unwrap();
        for _ in 0..100 {
            assert!((100..=2000).contains(&delay.draw().as_millis()));
        }
        assert!(serde_json::from_str::<Delay>(r#"{"min":"3s","max":"2s"}"#).is_err());
        assert!(serde_json::from_str::<Delay>("2").is_err());
    }
}
