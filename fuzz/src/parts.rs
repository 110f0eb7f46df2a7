//! An input in parts: the same records as in one, and what is read quickly is what is read in full.

use super::now;
use collect::{Input, Options, Scalar, Sink, Worktop, split};
use model::{Draft, Fields, Format};
use serde_json::{Number, Value};
use std::collections::VecDeque;
use std::ops::ControlFlow;

/// Writes down the values that it is given.
#[derive(Default)]
struct Values(Vec<String>);

impl Sink for Values {
    type Place = ();

    fn top(&mut self) {}

    fn enter(&mut self, (): (), _: &str) -> Option<()> {
        Some(())
    }

    fn goes_on(&self, (): ()) -> bool {
        true
    }

    fn object(&mut self, (): ()) {}

    fn list(&mut self, (): ()) {}

    fn put(&mut self, (): (), value: Scalar<'_>) {
        self.0.push(match value {
            Scalar::Null => Value::Null.to_string(),
            Scalar::Bool(truth) => truth.to_string(),
            Scalar::Number(text) => serde_json::from_str::<Number>(text).expect("a number").to_string(),
            Scalar::Text(text) => Value::from(text).to_string(),
        });
    }

    fn takes_all(&self) -> bool {
        true
    }
}

fn values(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| values(v, into)),
        Value::Object(map) => map.values().for_each(|v| values(v, into)),
        scalar => into.push(scalar.to_string()),
    }
}

/// Holds the parts of an input against its records as [`collect::read`] gave them.
pub(crate) fn hold(bytes: &[u8], format: Option<Format>, mut whole: VecDeque<(Draft, Fields)>) {
    let options = Options { format, ..Options::at(now()) };
    let input = Input { name: "in.log".into(), modified: Some(now()), bytes: Box::new(bytes) };
    let mut worktop = Worktop::default();
    split(input, &options, &mut |part| {
        part.records(&mut worktop, &mut |mut unread| {
            let full = unread.full();
            let want = whole.pop_front().expect("no record more than in one");
            assert_eq!((&full.draft, &full.fields), (&want.0, &want.1));
            let mut quick = Values::default();
            if unread.quick(&mut quick) {
                let mut want = vec![];
                full.fields.values().for_each(|v| values(v, &mut want));
                quick.0.sort();
                want.sort();
                assert_eq!(quick.0, want);
            }
            ControlFlow::Continue(())
        });
        ControlFlow::Continue(())
    });
    assert!(whole.is_empty(), "no record less than in one");
}
