//! A whole set-up on loopback: an issuer, Portpass, registries, and the clients people really use.
//!
//! Everything here starts processes, each in a folder of its own that goes away with it; no name is
//! looked up outside this machine and no image is pulled from one.

pub mod passage;
pub mod ports;
pub mod process;
pub mod strace;
pub mod tool;

pub mod http;
pub mod image;

pub mod doctor;
pub mod issuer;
pub mod keycloak;
pub mod nginx;
pub mod operator;
pub mod portpass;
pub mod postgres;
pub mod provider;
pub mod provider_key;
pub mod registry;
pub mod shim;
pub mod small_disk;

pub mod client;
pub mod world;
