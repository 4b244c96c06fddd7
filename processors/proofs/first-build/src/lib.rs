//! Other builds of the programs, for tests: they wire the present code with another domain or codec.
//!
//! [`FirstAirline`] is the first released build: it knows the first version of each schema, writes it, and decides nothing that it has no
//! event for. With it, two builds can run side by side on one broker, without old binaries being kept. What it cannot show is a fault
//! that only the first build had. [`FaultyAirline`] is the present build with a bug in `decide`.

use airline::Airline;
use application::{Application, RecordSchema, Views};
use decider::{
    Codec, CommandEnvelope, Context, DecodeError, Domain, EventEnvelope, Identity, Outcome, Parts, Rejection, Representation, WriterSchema,
};
use schemas::{AvroCodec, Content, SchemaIds};
use std::fmt;
use std::marker::PhantomData;
use views::ScheduleGraph;

/// In what a build differs from the present one.
pub trait Build: fmt::Debug + Copy + Send + Sync + 'static {
    /// The schemas that it knows.
    fn schemas() -> Vec<RecordSchema>;

    /// A codec that writes these ids.
    fn codec(ids: SchemaIds) -> AvroCodec;

    /// What it makes of the present build's decision.
    fn decided(aggregate_id: &str, decision: Result<Vec<domain::Event>, Rejection>) -> Result<Vec<domain::Event>, Rejection>;
}

/// The airline, without what came after the first version.
pub type FirstAirline = Other<First>;

/// The airline with a bug: no command to [`FAULTY_ROTATION`] can be decided.
pub type FaultyAirline = Other<Faulty>;

/// The aggregate at which [`FaultyAirline`] panics.
pub const FAULTY_ROTATION: &str = "rotation/FAULTY";

/// The first released build.
#[derive(Debug, Clone, Copy)]
pub struct First;

/// The present build, with a bug.
#[derive(Debug, Clone, Copy)]
pub struct Faulty;

/// The airline as another build has it.
#[derive(Debug, Clone, Copy)]
pub struct Other<B>(PhantomData<B>);

/// The codec of another build.
#[derive(Debug, Clone, Default)]
pub struct OtherCodec(AvroCodec);

impl Build for First {
    fn schemas() -> Vec<RecordSchema> {
        Content::ALL.map(|content| airline::record_schema(content.first())).to_vec()
    }

    fn codec(ids: SchemaIds) -> AvroCodec {
        AvroCodec::first(ids)
    }

    fn decided(_: &str, decision: Result<Vec<domain::Event>, Rejection>) -> Result<Vec<domain::Event>, Rejection> {
        let events = decision?;
        let known = Content::Event.first().payload_names();
        if events.iter().all(|event| known.contains(&Airline::event_type(event))) {
            return Ok(events);
        }
        Err(Rejection {
            rule: "retired".to_owned(),
            message: "the airplane has retired; its registration is not used again".to_owned(),
            facts: Vec::new(),
        })
    }
}

impl Build for Faulty {
    fn schemas() -> Vec<RecordSchema> {
        Airline::schemas()
    }

    fn codec(ids: SchemaIds) -> AvroCodec {
        Airline::codec(ids)
    }

    fn decided(aggregate_id: &str, decision: Result<Vec<domain::Event>, Rejection>) -> Result<Vec<domain::Event>, Rejection> {
        assert!(aggregate_id != FAULTY_ROTATION, "a bug on purpose");
        decision
    }
}

impl<B: Build> Domain for Other<B> {
    type Command = <Airline as Domain>::Command;
    type Event = <Airline as Domain>::Event;
    type State = <Airline as Domain>::State;
    type Representation = Self;

    const STATE_VERSION: u32 = Airline::STATE_VERSION;

    fn initial(aggregate_id: &str) -> Self::State {
        Airline::initial(aggregate_id)
    }

    fn decide(context: &Context<'_>, state: &Self::State, command: &Self::Command) -> Result<Vec<Self::Event>, Rejection> {
        B::decided(context.aggregate_id, Airline::decide(context, state, command))
    }

    fn evolve(state: &mut Self::State, event: &Self::Event) {
        Airline::evolve(state, event);
    }
}

impl<B: Build> Representation<Self> for Other<B> {
    fn size_bytes(state: &<Airline as Domain>::State) -> usize {
        Airline::size_bytes(state)
    }

    fn store(after: &<Airline as Domain>::State, event: &<Airline as Domain>::Event, parts: &mut Parts<'_>) {
        Airline::store(after, event, parts);
    }

    fn load(aggregate_id: &str, parts: &mut dyn Iterator<Item = (&[u8], &[u8])>) -> Result<<Airline as Domain>::State, String> {
        Airline::load(aggregate_id, parts)
    }

    fn command_type(command: &<Airline as Domain>::Command) -> &'static str {
        Airline::command_type(command)
    }

    fn event_type(event: &<Airline as Domain>::Event) -> &'static str {
        Airline::event_type(event)
    }
}

impl<B: Build> Application for Other<B> {
    const NAME: &'static str = Airline::NAME;

    type Codec = OtherCodec;

    fn schemas() -> Vec<RecordSchema> {
        B::schemas()
    }

    fn codec(ids: SchemaIds) -> OtherCodec {
        OtherCodec(B::codec(ids))
    }

    fn views(views: &mut impl Views<Self>) {
        views.view::<ScheduleGraph>();
    }

    fn fingerprint(schema: &WriterSchema) -> Result<u64, String> {
        Airline::fingerprint(schema)
    }
}

impl<B: Build> Codec<Other<B>> for OtherCodec {
    fn decode_command(
        &mut self,
        content_type: Option<&[u8]>,
        value: &[u8],
    ) -> Result<CommandEnvelope<<Airline as Domain>::Command>, DecodeError> {
        Codec::<Airline>::decode_command(&mut self.0, content_type, value)
    }

    fn identify(&mut self, content_type: Option<&[u8]>, value: &[u8]) -> Identity {
        Codec::<Airline>::identify(&mut self.0, content_type, value)
    }

    fn encode_meaning(&mut self, command: &<Airline as Domain>::Command, out: &mut Vec<u8>) {
        Codec::<Airline>::encode_meaning(&mut self.0, command, out);
    }

    fn missing_schema(&self, content_type: Option<&[u8]>, value: &[u8]) -> Option<u32> {
        Codec::<Airline>::missing_schema(&self.0, content_type, value)
    }

    fn learn(&mut self, schema_id: u32, schema: &WriterSchema) -> Result<(), String> {
        Codec::<Airline>::learn(&mut self.0, schema_id, schema)
    }

    fn encode_event(&mut self, event: &EventEnvelope<domain::Event>, out: &mut Vec<u8>) {
        Codec::<Airline>::encode_event(&mut self.0, event, out);
    }

    fn decode_event(&mut self, value: &[u8]) -> Result<EventEnvelope<domain::Event>, DecodeError> {
        Codec::<Airline>::decode_event(&mut self.0, value)
    }

    fn encode_outcome(&mut self, outcome: &Outcome, out: &mut Vec<u8>) {
        Codec::<Airline>::encode_outcome(&mut self.0, outcome, out);
    }

    fn decode_outcome(&mut self, value: &[u8]) -> Result<Outcome, DecodeError> {
        Codec::<Airline>::decode_outcome(&mut self.0, value)
    }
}
