//! The integration tests: one module for each subject, in a sensible reading order, in one binary, so
//! that they are linked once. Tests that need a process of their own are files beside this folder.

mod support;

// The token endpoint.
mod concurrent_exchange;
mod decision_table;
mod error_codes;
mod form_encoding;
mod grant_lifecycle;
mod jwt_libraries;
mod refresh;
mod reissue;
mod rotation;
mod sample_request;

// Consent, discovery and the API.
mod consent;
mod consent_browser;
mod discovery;
mod resources;
mod rfc6749;

// Fixtures, scenarios and the cookbook.
mod cookbook;
mod fixture_files;
mod fixture_reference;
mod fixture_schema;
mod scenarios;
mod watch;

// Several servers that share a store.
mod replicas;
mod replicas_failures;
mod shared_store;

// The control API, the journal and realms.
mod concurrent_edits;
mod console;
mod console_files;
mod control_api;
mod control_bodies;
mod journal;
mod journal_queries;
mod openapi;
mod openapi_generators;
mod parallel_realms;
mod realms;
mod report;
mod report_docs;

// The library.
mod blocking;
mod expectations;

// The command line and the image.
mod check_command;
mod checkup;
mod command_line;
mod completions_and_man;
mod docker_image;
mod ready_file;
mod report_command;
mod requests_command;
mod server_commands;
mod unwritable_output;

// TLS and the vendor's SDKs.
mod certificate_files;
mod client_auth;
mod https;
mod https_tools;
mod sdk;

// Limits and robustness.
mod arbitrary_input;
mod hostile_clients;
mod http2_limits;
mod limits;
mod listeners;
mod protocol;
mod stopping;
mod unread_bodies;

// The source and its documentation.
mod fidelity;
mod source_layout;
