//! JSON schemas of the files that people write, for editors that complete and check while one types.
//! The names in them are the parser's own tables. A schema sees one value at a time: what `rig check`
//! says about a whole file is more, and is what counts.

mod bench;
mod scenario;
#[cfg(test)]
mod tests;

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

pub use bench::bench;
pub use scenario::scenario;

/// What editors understand: draft 07 is as far as the common YAML language server goes.
fn generator() -> SchemaGenerator {
    SchemaSettings::draft07().into_generator()
}

/// A mapping with these keys and no others.
fn mapping(description: &str, keys: Vec<(&str, Schema)>, required: &[&str]) -> Schema {
    let properties: Map<String, Value> = keys
        .into_iter()
        .map(|(key, schema)| (key.to_owned(), schema.to_value()))
        .collect();
    json_schema!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A text of this form.
fn text(description: &str, pattern: &str) -> Schema {
    json_schema!({ "type": "string", "description": description, "pattern": pattern })
}

/// A text of this form, which YAML may take for a number where it has no quotes.
fn text_or_number(description: &str, pattern: &str) -> Schema {
    json_schema!({
        "type": ["string", "integer"],
        "description": description,
        "pattern": pattern,
        "minimum": 0,
    })
}

/// A whole number, with quotes or without.
fn number(description: &str, least: u64, most: u64) -> Schema {
    json_schema!({
        "type": ["string", "integer"],
        "description": description,
        "pattern": r"^\d+$",
        "minimum": least,
        "maximum": most,
    })
}

/// One of these words.
fn word(description: &str, words: &[&str]) -> Schema {
    json_schema!({ "description": description, "enum": words })
}

/// Any of these.
fn either(description: &str, of: Vec<Schema>) -> Schema {
    let of: Vec<Value> = of.into_iter().map(Schema::to_value).collect();
    json_schema!({ "description": description, "anyOf": of })
}

/// One such value, or a list of them.
fn one_or_list(description: &str, item: &Schema) -> Schema {
    let list = json_schema!({ "type": "array", "items": item, "minItems": 1, "uniqueItems": true });
    either(description, vec![item.clone(), list])
}

/// Any text.
fn any_text(description: &str) -> Schema {
    json_schema!({ "type": ["string", "number", "boolean"], "description": description, "pattern": r"\S" })
}

/// Types that appear in many places and are defined once.
macro_rules! shared {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:expr;)*) => {$(
        $(#[doc = $doc])+
        struct $name;

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

shared! {
    /// A time.
    Time = text(
        "A time with its unit: `250ms`, `1.5s`, `2min`",
        r"^(?=.*[1-9])\d+(\.\d+)?\s*(us|ms|s|min)$",
    );
    /// A voltage.
    Volts = text(
        "A voltage with its unit, up to 9 V: `4.6 V`, `4600 mV`",
        r"^(([0-8]?\d{1,3}|9000)(\.0+)?\s*mV|([0-8](\.\d+)?|9(\.0+)?)\s*V)$",
    );
    /// A resistance.
    Ohms = text(
        "A resistance with its unit: `0.6 ohm`, `600 mohm`",
        r"^\d+(\.\d+)?\s*(mohm|ohm)$",
    );
    /// A tolerance.
    Tolerance = text(
        "How far times may be from the accepted ones: `5ms`, `2%` or `5ms + 2%`",
        r"^(\d+(\.\d+)?\s*(ms|s|min)|\d+(\.\d+)?\s*%|\d+(\.\d+)?\s*(ms|s|min)\s*\+\s*\d+(\.\d+)?\s*%)$",
    );
    /// Bytes.
    Bytes = text_or_number(
        "Bytes in hex with spaces between them: `BD 04 01 E7 07 1A`",
        r"^([0-9A-Fa-f]{2})(\s+[0-9A-Fa-f]{2})*$",
    );
    /// A code.
    Code = text_or_number(
        "A code, in quotes where it begins with 0: `\"1234\"`",
        r"^\d{1,16}$",
    );
}

/// Puts title and dialect in front.
fn document(mut generator: SchemaGenerator, title: &str, schema: Schema) -> Value {
    let mut document = Map::new();
    document.insert(
        "$schema".to_owned(),
        json!(generator.settings().meta_schema),
    );
    document.insert("title".to_owned(), json!(title));
    if let Value::Object(fields) = schema.to_value() {
        document.extend(fields);
    }
    document.insert(
        "definitions".to_owned(),
        Value::Object(generator.take_definitions(true)),
    );
    Value::Object(document)
}
