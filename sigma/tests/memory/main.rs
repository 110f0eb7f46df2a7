//! Matching takes no new memory once a worker has seen such events. A program of its own: the count is of all threads.

use serde_json::{Value, json};
use sigma::{Compiled, EngineOptions, Extent, FieldValue, Fields, Scratch, classify, load};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RULES: &str = r"
title: t
id: t
logsource: {category: test}
detection:
    a:
        Image|endswith: ['\cmd.exe', '\powershell.exe']
        Line|contains|all: [' -enc', 'ä', '1']
    b:
        Line|re|i: 'e.c\s'
        Source|cidr: 10.0.0.0/8
        Line: '*-e?c*'
        Port|gt: 1000
        Image|fieldref|startswith: Folder
    c: [keyword, other]
    condition: a and (b or c) and not 1 of c*
---
title: f
logsource: {category: test}
filter:
    rules: any
    x: {User|startswith: 'NT'}
    condition: x
";

#[test]
fn matching_takes_no_new_memory() {
    let rules = load([("r.yml".to_owned(), RULES.as_bytes().to_vec())]);
    assert!(rules.refused.is_empty(), "{:?}", rules.refused);
    let compiled = Compiled::new(rules.rules, EngineOptions { ignore_logsource: true });
    let line = "x -ENC Ä 1 ".repeat(50);
    let event = |user: &str| -> Value {
        json!({"Image": "C:\\Windows\\CMD.exe", "Folder": "c:\\", "Line": line, "Source": "10.1.2.3",
               "Port": 4444, "User": user, "more": [{"deep": "text"}, null]})
    };
    let (hit, filtered) = (event("eve"), event("NT AUTHORITY"));
    let [hit, filtered] = [&hit, &filtered].map(|e| e.as_object().expect("an object"));
    let route = compiled.route(&classify("ndjson", hit));
    assert_eq!(route.extent(), Extent::Everything);
    let (mut fields, mut scratch) = (Fields::new(), Scratch::default());
    let mut round = || {
        for (event, want) in [(hit, 1), (filtered, 0)] {
            fields.take_map(compiled.names(), route.extent(), event);
            assert_eq!(compiled.matches(&route, &fields, &mut scratch).len(), want);
        }
        let mut filling = fields.begin(compiled.names(), route.extent());
        let top = filling.top();
        for (key, value) in [("Line", FieldValue::Text(&line)), ("Port", FieldValue::Number("1.5e3"))] {
            let at = filling.enter(top, key).expect("a field");
            filling.put(at, value);
        }
        assert_eq!(compiled.matches(&route, &fields, &mut scratch).len(), 0);
    };
    (0..10).for_each(|_| round());
    let before = Region::new(COUNTED);
    (0..100).for_each(|_| round());
    let change = before.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{change:?}");
}
