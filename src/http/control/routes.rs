//! Routes of the control API, each with its description for the OpenAPI document.

use std::mem;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::query::{self, Members};
use crate::http::app::App;

/// A method: its name in the OpenAPI document, and the requests that have it.
type Method = (&'static str, MethodFilter);

pub(super) const DELETE: Method = ("delete", MethodFilter::DELETE);
pub(super) const GET: Method = ("get", MethodFilter::GET);
pub(super) const PATCH: Method = ("patch", MethodFilter::PATCH);
pub(super) const POST: Method = ("post", MethodFilter::POST);
pub(super) const PUT: Method = ("put", MethodFilter::PUT);

/// Returns the schema of a type.
pub(super) type SchemaFn = fn(&mut SchemaGenerator) -> Schema;

/// Returns the parameters of a query: the members of a type, each with its schema.
pub(super) type MembersFn = fn(&mut SchemaGenerator) -> Members;

/// A method at a path, with its description.
#[derive(Clone, Debug, Default)]
pub(super) struct Operation {
    /// In lower case.
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// The name of its function in a generated client.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) query: Vec<MembersFn>,
    pub(super) body: Option<RequestBody>,
    /// The successful responses: status, description and content.
    pub(super) responses: Vec<(u16, &'static str, Content)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RequestBody {
    pub(super) schema: SchemaFn,
    pub(super) required: bool,
    pub(super) description: &'static str,
}

/// The content of a successful response.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    None,
    Json(SchemaFn),
    /// Text of any of these media types.
    Text(&'static [&'static str]),
}

impl Operation {
    /// Sets the name and the summary.
    pub(super) fn doc(&mut self, id: &'static str, summary: &'static str) -> &mut Self {
        self.id = id;
        self.summary = summary;
        self
    }

    /// Adds the members of a type to the parameters of the query.
    pub(super) fn query<T: JsonSchema>(&mut self) -> &mut Self {
        self.query.push(query::members::<T>);
        self
    }

    /// Sets the type of the body.
    pub(super) fn takes<T: JsonSchema>(&mut self) -> &mut Self {
        self.body::<T>(true, "")
    }

    /// Sets the type of a body that may be JSON or YAML. The document has YAML in the description only:
    /// some generators fail for media types that they do not know.
    pub(super) fn takes_json_or_yaml<T: JsonSchema>(&mut self) -> &mut Self {
        self.body::<T>(true, "JSON, or YAML with the `Content-Type` `application/yaml`.")
    }

    /// Sets the type of a body that can be left out.
    pub(super) fn may_take<T: JsonSchema>(&mut self) -> &mut Self {
        self.body::<T>(false, "")
    }

    fn body<T: JsonSchema>(&mut self, required: bool, description: &'static str) -> &mut Self {
        let schema = SchemaGenerator::subschema_for::<T>;
        self.body = Some(RequestBody { schema, required, description });
        self
    }

    /// Adds a response with a JSON body of this type.
    pub(super) fn returns<T: JsonSchema>(
        &mut self,
        status: u16,
        description: &'static str,
    ) -> &mut Self {
        self.response(status, description, Content::Json(SchemaGenerator::subschema_for::<T>))
    }

    /// Adds the response 204 without a body.
    pub(super) fn returns_nothing(&mut self, description: &'static str) -> &mut Self {
        self.response(204, description, Content::None)
    }

    /// Adds the response 200 with text of any of these media types.
    pub(super) fn returns_text(
        &mut self,
        media_types: &'static [&'static str],
        description: &'static str,
    ) -> &mut Self {
        self.response(200, description, Content::Text(media_types))
    }

    fn response(&mut self, status: u16, description: &'static str, content: Content) -> &mut Self {
        self.responses.push((status, description, content));
        self
    }
}

/// Routes and their descriptions.
#[derive(Default)]
pub(super) struct Routes {
    pub(super) router: Router<Arc<App>>,
    pub(super) operations: Vec<Operation>,
}

impl Routes {
    /// Adds a route, whose description the caller completes.
    pub(super) fn add<T: 'static>(
        &mut self,
        (method, filter): Method,
        path: &'static str,
        handler: impl Handler<T, Arc<App>>,
    ) -> &mut Operation {
        self.router = mem::take(&mut self.router).route(path, on(filter, handler));

        let index = self.operations.len();
        self.operations.push(Operation { method, path, ..Operation::default() });
        &mut self.operations[index]
    }
}
