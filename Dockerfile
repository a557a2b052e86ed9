# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY config config
COPY store store
COPY actors actors
COPY api api
COPY fuzz fuzz
COPY src src
# What a cache holds is not in the image, so the binary is taken out in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --release --locked --bin ihs \
    && install -D target/release/ihs /image/ihs \
    && install -d /image/data

# No shell and no packages: the C library, root certificates, and a user without rights.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image/ihs /usr/local/bin/ihs
COPY --from=build --chown=65532:65532 /image/data /data
ENV IHS_LISTEN=0.0.0.0:8000 \
    IHS_DATA_DIR=/data
# The embedded store and the generated keys; nothing is written there over MongoDB.
VOLUME /data
EXPOSE 8000
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/ihs"]
