//! The types that a processor is made of, as one parameter in place of five.

use super::{Observe, Processor, SchemaSource};
use decider::{Codec, Domain};
use keyvalue::{Read, Write};

/// The domain of a processor, its codec, its state's store, its source of schemas and its observer.
pub(super) trait Wiring {
    type Domain: Domain;
    type Codec: Codec<Self::Domain>;
    type Store: Read + Write;
    type Schemas: SchemaSource;
    type Observe: Observe;
}

impl<D, C, S, R, O> Wiring for Processor<D, C, S, R, O>
where
    D: Domain,
    C: Codec<D>,
    S: Read + Write,
    R: SchemaSource,
    O: Observe,
{
    type Domain = D;
    type Codec = C;
    type Store = S;
    type Schemas = R;
    type Observe = O;
}

/// The processor of these types.
pub(super) type ProcessorOf<W> =
    Processor<<W as Wiring>::Domain, <W as Wiring>::Codec, <W as Wiring>::Store, <W as Wiring>::Schemas, <W as Wiring>::Observe>;
