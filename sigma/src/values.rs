//! YAML that is no rule, such as examples beside rules, as JSON values; bounded and refused as rules are.

use crate::refuse::Refused;
use crate::yaml::{self, Node, Value};
use serde_json::{Map, Value as Json};

/// Reads every document of a YAML file. A key that is no text becomes one; of a key that stands twice the last counts.
///
/// # Errors
/// What is wrong with the file, with its place.
pub fn values(path: &str, bytes: &[u8]) -> Result<Vec<Json>, Refused> {
    let read = yaml::documents(bytes);
    let documents = read.map_err(|fault| fault.refuse(path, &String::from_utf8_lossy(bytes)))?;
    Ok(documents.iter().map(value).collect())
}

fn value(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(list) => list.iter().map(value).collect(),
        Value::Map(pairs) => {
            let named = pairs.iter().filter_map(|(k, v)| Some((k.scalar()?, value(v))));
            Json::Object(named.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_becomes_json_and_faults_are_placed() {
        let read = values("t.yml", b"a: [1, x, null, 1.5]\n7: {b: true}\n---\nz\n").expect("reads");
        assert_eq!(read, [serde_json::json!({"a": [1, "x", null, 1.5], "7": {"b": true}}), "z".into()]);
        let fault = values("t.yml", b"a: [1\nb: 2\n").expect_err("broken");
        assert!((fault.line, fault.code) > (0, "SG-000"));
    }
}
