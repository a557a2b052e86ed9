//! `ihs import`: an empty store becomes the one that was exported. What is in it:
//! [`crate::transfer`].

use std::{
    error::Error,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use ihs_api::{Ctx, lasting_collections};

use crate::{
    cli::TransferArgs,
    failure::Failure,
    node,
    transfer::{
        STANDARD,
        content::Content,
        line::Tally,
        progress,
        reader::{Reader, Run},
        target::Target,
    },
};

/// Nobody waits for a single commit, and each has much to do.
const PATIENCE_MILLIS: u64 = 60_000;

/// Checks the file, and fills the store.
pub(crate) fn run(args: TransferArgs) -> Result<(), Failure> {
    let mut settings = node::settings(&args.node.overrides())?;
    settings.store.timeout_ms = settings.store.timeout_ms.max(PATIENCE_MILLIS);
    let tally = if args.file == Path::new(STANDARD) {
        node::with(settings, async |ctx| from_standard_input(&ctx).await)?
    } else {
        let whole = check(&args.file)?;
        node::with(settings, async |ctx| from_file(&ctx, &args.file, &whole).await)?
    };
    eprintln!("imported {} documents and {} entries of logs", tally.documents, tally.entries);
    Ok(())
}

/// Reads the whole file, before anything is written, and gives what there is.
fn check(path: &Path) -> Result<Tally, Failure> {
    let (file, size) = open(path)?;
    let progress = progress::bytes("checking", Some(size));
    let mut runs = Runs::open(BufReader::new(file), path)?;
    let mut tally = None;
    while let Some(run) = runs.next()? {
        progress.set_position(run.bytes);
        tally = Some(run.tally);
    }
    progress.finish_and_clear();
    tally.ok_or_else(|| Failure::failed(format!("{} is empty", path.display())))
}

async fn from_file(ctx: &Ctx, path: &Path, whole: &Tally) -> Result<Tally, Failure> {
    let (file, size) = open(path)?;
    let collections = lasting_collections();
    let mut target = Target::open(&*ctx.store, &collections, Some(&whole.sha256)).await?;
    if target.lines() > 0 {
        eprintln!("going on behind line {}", target.lines());
    }
    let progress = progress::bytes("importing", Some(size));
    let mut runs = Runs::open(BufReader::new(file), path)?;
    while let Some(run) = runs.next()? {
        if run.is_last && run.tally != *whole {
            return Err(Failure::failed(format!("{} has changed meanwhile", path.display())));
        }
        let bytes = run.bytes;
        if run.lines > target.lines() {
            target.write(run).await?;
        }
        progress.set_position(bytes);
    }
    progress.finish_and_clear();
    Ok(whole.clone())
}

/// What comes is checked and stored run by run.
async fn from_standard_input(ctx: &Ctx) -> Result<Tally, Failure> {
    let collections = lasting_collections();
    let mut runs = Runs::open(BufReader::new(io::stdin()), Path::new("standard input"))?;
    let mut target = Target::open(&*ctx.store, &collections, None).await?;
    let progress = progress::bytes("importing", None);
    let mut stored = Tally { documents: 0, entries: 0, sha256: String::new() };
    loop {
        let outcome = match runs.next() {
            Ok(None) => break,
            Ok(Some(run)) => {
                let (tally, bytes) = (run.tally.clone(), run.bytes);
                target.write(run).await.map(|()| (tally, bytes))
            }
            Err(failure) => Err(failure),
        };
        match outcome {
            Ok((tally, bytes)) => {
                stored = tally;
                progress.set_position(bytes);
            }
            Err(failure) => return Err(half(&stored, &failure)),
        }
    }
    progress.finish_and_clear();
    Ok(stored)
}

fn half(stored: &Tally, failure: &Failure) -> Failure {
    Failure::failed(format!(
        "standard input was imported in part, {} documents and {} entries of logs: empty the store \
         before another try",
        stored.documents, stored.entries
    ))
    .because(failure.to_string())
}

/// The runs of a file, looked at as they come.
struct Runs<'a, R> {
    reader: Reader<R>,
    content: Content,
    path: &'a Path,
}

impl<'a, R: BufRead> Runs<'a, R> {
    fn open(source: R, path: &'a Path) -> Result<Self, Failure> {
        let reader = Reader::open(source).map_err(|broken| unfit(path, broken))?;
        Ok(Self { reader, content: Content::new(lasting_collections()), path })
    }

    fn next(&mut self) -> Result<Option<Run>, Failure> {
        let run = self.reader.next_run().map_err(|broken| unfit(self.path, broken))?;
        for item in run.iter().flat_map(|run| &run.items) {
            self.content.check(item).map_err(|reason| unfit(self.path, reason))?;
        }
        Ok(run)
    }
}

fn open(path: &Path) -> Result<(File, u64), Failure> {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (size, file) = opened.map_err(|error| {
        Failure::failed(format!("{} cannot be read", path.display())).because(error)
    })?;
    Ok((file, size))
}

fn unfit(path: &Path, reason: impl Error + Send + Sync + 'static) -> Failure {
    Failure::failed(format!("{} cannot be imported", path.display())).because(reason)
}
