//! When a record happened, without reading it in full: the few names that tell a time are looked at, all others are passed
//! over.

use super::{Declined, Scalar, Scratch, Sink, read};
use crate::Limits;
use crate::parse::json::{self, TIME_NAMES};
use crate::time::{self, When};
use model::Format;
use serde_json::Value;

/// The way to the time of a Windows event in JSON as the event log has it.
const SYSTEM: [&str; 5] = ["Event", "System", "TimeCreated", "#attributes", "SystemTime"];
/// The same as Winlogbeat has it.
const WINLOG: [&str; 2] = ["TimeCreated", "SystemTime"];

/// When a record happened, as the full reading says it.
///
/// # Errors
/// When only the full reading can tell.
pub(crate) fn when(
    format: Format,
    raw: &[u8],
    limits: &Limits,
    scratch: &mut Scratch,
) -> Result<When, Declined> {
    let mut clock = Clock { is_event: format == Format::Evtx, met: vec![], told: [When::Unknown; TOLD] };
    read(format, raw, limits, scratch, &mut clock)?;
    // Which of two values of one name holds is the full reading's to say.
    clock.met.sort_unstable();
    if clock.met.windows(2).any(|two| two[0] == two[1]) {
        return Err(Declined);
    }
    Ok(clock.told.into_iter().find(|w| *w != When::Unknown).unwrap_or_default())
}

/// Names that may tell a time, in the order in which they are believed; behind them the two ways.
const TOLD: usize = TIME_NAMES.len() + 2;

#[derive(Debug)]
struct Clock {
    is_event: bool,
    /// Every place that was met.
    met: Vec<Place>,
    told: [When; TOLD],
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Top,
    /// At one of the names.
    Named(usize),
    /// So far along the first way.
    System(usize),
    /// At the end of the second way.
    Winlog,
}

impl Sink for Clock {
    type Place = Place;

    fn top(&mut self) -> Place {
        Place::Top
    }

    fn enter(&mut self, object: Place, key: &str) -> Option<Place> {
        let place = match object {
            Place::Top if self.is_event => (key == WINLOG[0]).then_some(Place::Named(0)),
            Place::Top if key == SYSTEM[0] => Some(Place::System(0)),
            Place::Top => TIME_NAMES.iter().position(|name| *name == key).map(Place::Named),
            Place::System(far) => (key == *SYSTEM.get(far + 1)?).then_some(Place::System(far + 1)),
            Place::Named(name) => {
                (TIME_NAMES[name] == WINLOG[0] && key == WINLOG[1]).then_some(Place::Winlog)
            }
            Place::Winlog => None,
        }?;
        self.met.push(place);
        Some(place)
    }

    fn goes_on(&self, place: Place) -> bool {
        match place {
            Place::System(far) => far + 1 < SYSTEM.len(),
            Place::Named(name) => !self.is_event && TIME_NAMES[name] == WINLOG[0],
            Place::Top => true,
            Place::Winlog => false,
        }
    }

    fn object(&mut self, place: Place) -> Place {
        place
    }

    fn list(&mut self, place: Place) {
        // Its members are no values of the name, and what is met again is for the full reading.
        self.met.extend([place, place]);
    }

    fn put(&mut self, place: Place, value: Scalar<'_>) {
        let at = match place {
            Place::Named(name) => name,
            Place::System(far) if far + 1 == SYSTEM.len() => TIME_NAMES.len(),
            Place::Winlog => TIME_NAMES.len() + 1,
            _ => return,
        };
        self.told[at] = match value {
            Scalar::Text(text) if self.is_event => time::read(text),
            Scalar::Text(text) => json::text_when(text),
            Scalar::Number(number) => {
                serde_json::from_str::<Value>(number).map_or(When::Unknown, |n| json::value_when(&n))
            }
            Scalar::Null | Scalar::Bool(_) => When::Unknown,
        };
    }

    fn takes_all(&self) -> bool {
        false
    }
}
