# docker build .    builds from source; docker/prebuilt.Dockerfile copies a binary that exists already.
# No stage needs BuildKit, nor a file that a fresh clone does not have.

FROM rust:1-alpine AS build
# The C compiler is for AWS-LC, the cryptography library.
RUN apk add --no-cache build-base
WORKDIR /src
COPY . .
# --build-arg COMMIT=$(git rev-parse HEAD) adds the commit to --version. The repository is not copied.
ARG COMMIT=""
ENV SMARTPAY_OAUTH_MOCK_COMMIT=$COMMIT
RUN cargo build --release --locked

FROM scratch AS image
ENV SMARTPAY_MOCK_LISTEN=0.0.0.0:8080
EXPOSE 8080 8443
# The mount point of a volume for --tls-dir /certificates. The user below may write to the volume.
COPY --chown=65532:65532 docker/certificates/ /certificates/
# An unprivileged user. The server needs no privileges and writes no files by default.
USER 65532:65532
HEALTHCHECK --interval=5s --timeout=3s --start-period=2s --retries=3 CMD ["/smartpay-oauth-mock", "health"]
ENTRYPOINT ["/smartpay-oauth-mock"]
COPY --from=build /src/target/release/smartpay-oauth-mock /smartpay-oauth-mock
