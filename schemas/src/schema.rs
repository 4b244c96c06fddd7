//! An Avro schema as it matters for reading and writing: names, fields, branches, defaults; without documentation and aliases.

use serde_json::{Map, Value};
use std::collections::HashMap;

/// Types refer to one another by their place, because named types may be used more than once, and within themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    types: Vec<Type>,
    root: TypeId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeId(usize);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Text,
    /// A long with the logical type timestamp-millis.
    Instant,
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Record {
        name: String,
        fields: Vec<Field>,
    },
    Enum {
        name: String,
        symbols: Vec<String>,
    },
    Fixed {
        name: String,
        size: usize,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) of: TypeId,
    /// As the schema says it: Avro's JSON, where a union's default is one of its first branch.
    pub(crate) default: Option<Value>,
}

impl Schema {
    /// # Errors
    /// What is wrong with the schema.
    pub fn parse(json: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(json).map_err(|error| format!("the schema is not JSON: {error}"))?;
        let mut parser = Parser::default();
        let root = parser.parse(&value, "").map_err(|reason| format!("the schema {reason}"))?;
        Ok(Self { types: parser.types, root })
    }

    pub(crate) fn root(&self) -> TypeId {
        self.root
    }

    pub(crate) fn get(&self, id: TypeId) -> &Type {
        &self.types[id.0]
    }

    /// What a union's branch is called in JSON: the name of a named type without its namespace, else the name of the type.
    pub(crate) fn name(&self, id: TypeId) -> &str {
        match self.get(id) {
            Type::Null => "null",
            Type::Boolean => "boolean",
            Type::Int => "int",
            Type::Long | Type::Instant => "long",
            Type::Float => "float",
            Type::Double => "double",
            Type::Bytes => "bytes",
            Type::Text => "string",
            Type::Array(_) => "array",
            Type::Map(_) => "map",
            Type::Union(_) => "union",
            Type::Record { name, .. } | Type::Enum { name, .. } | Type::Fixed { name, .. } => unqualified(name),
        }
    }

    /// Of a union of null and one other type: that type, which is then written without its name.
    pub(crate) fn optional(&self, branches: &[TypeId]) -> Option<TypeId> {
        match branches {
            [a, b] if *self.get(*a) == Type::Null => Some(*b),
            [a, b] if *self.get(*b) == Type::Null => Some(*a),
            _ => None,
        }
    }

    /// Values of either schema have the same bytes with the same meaning: the schemas differ in defaults at most.
    pub(crate) fn same_bytes(&self, other: &Self) -> bool {
        self.without_defaults() == other.without_defaults()
    }

    fn without_defaults(&self) -> Self {
        let mut plain = self.clone();
        for of in &mut plain.types {
            if let Type::Record { fields, .. } = of {
                fields.iter_mut().for_each(|field| field.default = None);
            }
        }
        plain
    }
}

pub(crate) fn unqualified(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

#[derive(Default)]
struct Parser {
    types: Vec<Type>,
    named: HashMap<String, TypeId>,
}

impl Parser {
    fn parse(&mut self, json: &Value, namespace: &str) -> Result<TypeId, String> {
        match json {
            Value::String(name) => match primitive(name) {
                Some(of) => Ok(self.add(of)),
                None => self.reference(name, namespace),
            },
            Value::Array(branches) => {
                let branches = branches.iter().map(|branch| self.parse(branch, namespace));
                let of = Type::Union(branches.collect::<Result<_, _>>()?);
                Ok(self.add(of))
            }
            Value::Object(object) => self.parse_object(object, namespace),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(format!("has {json} where a type belongs")),
        }
    }

    fn parse_object(&mut self, object: &Map<String, Value>, namespace: &str) -> Result<TypeId, String> {
        let of = object.get("type").ok_or("has an object without a type")?;
        match of.as_str() {
            Some("array") => {
                let items = self.parse(object.get("items").ok_or("has an array without items")?, namespace)?;
                Ok(self.add(Type::Array(items)))
            }
            Some("map") => {
                let values = self.parse(object.get("values").ok_or("has a map without values")?, namespace)?;
                Ok(self.add(Type::Map(values)))
            }
            Some(kind @ ("record" | "error" | "enum" | "fixed")) => self.parse_named(kind, object, namespace),
            Some("long") if object.get("logicalType").and_then(Value::as_str) == Some("timestamp-millis") => Ok(self.add(Type::Instant)),
            Some(_) | None => self.parse(of, namespace),
        }
    }

    fn parse_named(&mut self, kind: &str, object: &Map<String, Value>, namespace: &str) -> Result<TypeId, String> {
        let name = object
            .get("name")
            .and_then(Value::as_str)
            .ok_or("has a named type without a name")?;
        let namespace = object.get("namespace").and_then(Value::as_str).unwrap_or(namespace);
        let name = qualified(name, namespace);
        let namespace = name.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        // A record takes its place before its fields are read, for they may refer to it.
        let id = self.add(Type::Null);
        if self.named.insert(name.clone(), id).is_some() {
            return Err(format!("defines {name} twice"));
        }
        self.types[id.0] = match kind {
            "enum" => Type::Enum {
                symbols: texts(object.get("symbols")).ok_or_else(|| format!("has no symbols for {name}"))?,
                name,
            },
            "fixed" => Type::Fixed {
                size: size(object).ok_or_else(|| format!("has no size for {name}"))?,
                name,
            },
            _ => Type::Record {
                fields: self.parse_fields(&name, object, &namespace)?,
                name,
            },
        };
        Ok(id)
    }

    fn parse_fields(&mut self, record: &str, object: &Map<String, Value>, namespace: &str) -> Result<Vec<Field>, String> {
        let fields = object.get("fields").and_then(Value::as_array);
        let fields = fields.ok_or_else(|| format!("has no fields for {record}"))?.iter().map(|field| {
            let name = field.get("name").and_then(Value::as_str);
            let of = field.get("type");
            let (Some(name), Some(of)) = (name, of) else {
                return Err(format!("has a field without name or type in {record}"));
            };
            Ok(Field {
                name: name.to_owned(),
                of: self.parse(of, namespace)?,
                default: field.get("default").cloned(),
            })
        });
        fields.collect()
    }

    fn reference(&self, name: &str, namespace: &str) -> Result<TypeId, String> {
        let qualified = qualified(name, namespace);
        let found = self.named.get(&qualified).or_else(|| self.named.get(name));
        found
            .copied()
            .ok_or_else(|| format!("uses {name}, which it does not define before"))
    }

    fn add(&mut self, of: Type) -> TypeId {
        self.types.push(of);
        TypeId(self.types.len() - 1)
    }
}

fn primitive(name: &str) -> Option<Type> {
    Some(match name {
        "null" => Type::Null,
        "boolean" => Type::Boolean,
        "int" => Type::Int,
        "long" => Type::Long,
        "float" => Type::Float,
        "double" => Type::Double,
        "bytes" => Type::Bytes,
        "string" => Type::Text,
        _ => return None,
    })
}

fn qualified(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') {
        name.to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

fn texts(json: Option<&Value>) -> Option<Vec<String>> {
    json?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

fn size(object: &Map<String, Value>) -> Option<usize> {
    usize::try_from(object.get("size")?.as_u64()?).ok()
}

#[cfg(test)]
mod tests;
