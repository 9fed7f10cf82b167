# docker build -f docker/prebuilt.Dockerfile .
#   Copies the static binary of `packages/build binary` from dist/bin/. Needs no base image.

FROM scratch
ENV SMARTPAY_MOCK_LISTEN=0.0.0.0:8080
EXPOSE 8080 8443
# The mount point of a volume for --tls-dir /certificates. The user below may write to the volume.
COPY --chown=65532:65532 docker/certificates/ /certificates/
# An unprivileged user. The server needs no privileges and writes no files by default.
USER 65532:65532
HEALTHCHECK --interval=5s --timeout=3s --start-period=2s --retries=3 CMD ["/smartpay-oauth-mock", "health"]
ENTRYPOINT ["/smartpay-oauth-mock"]
COPY dist/bin/smartpay-oauth-mock /smartpay-oauth-mock
