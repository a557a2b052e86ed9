//! `ihs export`: the whole store as a file of lines. What is in it: [`crate::transfer`].

use std::{io, path::Path};

use ihs_api::{Ctx, audit, lasting_collections};
use indicatif::ProgressBar;

use crate::{
    cli::TransferArgs,
    failure::Failure,
    node,
    transfer::{
        STANDARD,
        line::{FORMAT, Header, Tally},
        part::{Begun, Part},
        position::Position,
        progress, seal,
        source::{self, Source},
        target,
        writer::Writer,
    },
    welcome,
};

/// An export that was broken off longer ago is not gone on with: half of it would be too old.
const STALE_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// Writes the file.
pub(crate) fn run(args: TransferArgs) -> Result<(), Failure> {
    let settings = node::settings(&args.node.overrides())?;
    node::refuse_what_is_not_there(&settings)?;
    let tally = node::with(settings, async |ctx| {
        target::refuse_half(&*ctx.store).await?;
        record(&ctx).await?;
        if args.file == Path::new(STANDARD) {
            to_standard_output(&ctx).await
        } else {
            to_file(&ctx, &args.file).await
        }
    })?;
    eprintln!("exported {} documents and {} entries of logs", tally.documents, tally.entries);
    Ok(())
}

/// The one place that every export passes before anything goes out.
async fn record(ctx: &Ctx) -> Result<(), Failure> {
    let recorded = audit::record_export(ctx).await;
    recorded.map_err(|error| Failure::failed("nothing is exported").because(error))
}

async fn to_standard_output(ctx: &Ctx) -> Result<Tally, Failure> {
    let collections = lasting_collections();
    let header = header(ctx, &collections).await;
    let progress = bar(&header);
    let out = io::BufWriter::new(io::stdout());
    let writer = Writer::begin(out, &header).map_err(unwritten)?;
    let mut source = Source { store: &*ctx.store, writer, progress: &progress, audit: None };
    source.write(&collections, &Position::Start).await?;
    let (_, tally) = source.writer.end().map_err(unwritten)?;
    progress.finish_and_clear();
    Ok(tally)
}

async fn to_file(ctx: &Ctx, target: &Path) -> Result<Tally, Failure> {
    let part = Part::open(target)?;
    let collections = lasting_collections();
    let header = header(ctx, &collections).await;
    let progress = bar(&header);
    let (writer, from, audit) = match begun(&part, &header)? {
        Some(Begun { seal, is_complete: true, .. }) => {
            part.finish()?;
            return Ok(seal.tally());
        }
        Some(Begun { seal, position, audit, .. }) => {
            eprintln!("going on with {} behind line {}", part.path().display(), seal.lines());
            progress.set_position(seal.tally().documents);
            (part.resume(seal), position, audit)
        }
        None => (part.begin(&header), Position::Start, None),
    };
    let writer = writer.map_err(|error| part.failed(error))?;
    let mut source = Source { store: &*ctx.store, writer, progress: &progress, audit };
    source.write(&collections, &from).await?;
    let (_, tally) = source.writer.end().map_err(|error| part.failed(error))?;
    part.finish()?;
    progress.finish_and_clear();
    Ok(tally)
}

/// What an earlier export of this store left behind.
fn begun(part: &Part, now: &Header) -> Result<Option<Begun>, Failure> {
    let begun = part.begun().map_err(|broken| {
        let path = part.path().display();
        Failure::failed(format!("{path} is no part of an export: remove it")).because(broken)
    })?;
    if let Some(begun) = &begun {
        refuse_another(part, &begun.header, now)?;
    }
    Ok(begun)
}

/// What was begun is gone on with only if it would become what is begun now.
fn refuse_another(part: &Part, begun: &Header, now: &Header) -> Result<(), Failure> {
    let names = |header: &Header| -> Vec<String> {
        header.collections.iter().map(|part| part.name.clone()).collect()
    };
    let age = now.created.millis().saturating_sub(begun.created.millis());
    let reason = if begun.source != now.source {
        "is of another store"
    } else if names(begun) != names(now) {
        "was begun by another version"
    } else if age > STALE_MILLIS {
        "was begun more than a day ago"
    } else {
        return Ok(());
    };
    let path = part.path().display();
    Err(Failure::failed(format!("{path} {reason}: remove it to begin anew")))
}

async fn header(ctx: &Ctx, collections: &[&'static str]) -> Header {
    let settings = &ctx.settings;
    let place = format!("{} {}", welcome::data_place(settings), settings.store.database);
    Header {
        format: FORMAT,
        created: ctx.clock.now(),
        source: seal::fingerprint(&place),
        collections: source::parts(&*ctx.store, collections).await,
    }
}

fn bar(header: &Header) -> ProgressBar {
    let bar = progress::items("exporting");
    bar.set_length(header.collections.iter().filter_map(|part| part.documents).sum());
    bar
}

fn unwritten(error: io::Error) -> Failure {
    Failure::failed("standard output cannot be written").because(error)
}
