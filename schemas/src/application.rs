//! The airline as an application: its name, its codec, its released schemas and its view.

use crate::{Airline, AvroCodec, Content, RELEASED, Released, Schema};
use application::{Application, RecordKind, RecordSchema, SchemaIds, Views};
use decider::WriterSchema;
use views::ScheduleGraph;

impl Application for Airline {
    const NAME: &'static str = "schedule";

    type Codec = AvroCodec;

    fn schemas() -> Vec<RecordSchema> {
        RELEASED.iter().map(Released::record_schema).collect()
    }

    fn codec(ids: SchemaIds) -> AvroCodec {
        AvroCodec::new(ids)
    }

    fn views(views: &mut impl Views<Self>) {
        views.view::<ScheduleGraph>();
    }

    fn fingerprint(schema: &WriterSchema) -> Result<u64, String> {
        Schema::fingerprint_of(schema)
    }
}

impl Released {
    /// As an application names it.
    pub fn record_schema(&self) -> RecordSchema {
        RecordSchema {
            kind: self.content.into(),
            version: self.version,
            json: self.json(),
            compatibility: self.content.compatibility().name(),
            fingerprint: self.fingerprint(),
        }
    }
}

impl From<Content> for RecordKind {
    fn from(content: Content) -> Self {
        match content {
            Content::Command => Self::Command,
            Content::Event => Self::Event,
            Content::Outcome => Self::Outcome,
        }
    }
}
