# docker build .                          builds from source
# docker build --target prebuilt .        takes a static binary from dist/, for where nothing can be pulled

FROM scratch AS base
ENV SMARTPAY_MOCK_LISTEN=0.0.0.0:8080
EXPOSE 8080 8443
# A folder that nobody may write to: --tls-dir /certificates keeps the CA in a volume mounted there.
COPY --chown=65532:65532 docker/certificates/ /certificates/
# Nobody: the server writes nothing and needs no rights.
USER 65532:65532
HEALTHCHECK --interval=5s --timeout=3s --start-period=2s --retries=3 CMD ["/smartpay-oauth-mock", "health"]
ENTRYPOINT ["/smartpay-oauth-mock"]

FROM base AS prebuilt
COPY dist/smartpay-oauth-mock /smartpay-oauth-mock

FROM rust:1-alpine AS build
# The C compiler builds AWS-LC, which signs the tokens.
RUN apk add --no-cache build-base
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM base AS image
COPY --from=build /src/target/release/smartpay-oauth-mock /smartpay-oauth-mock
