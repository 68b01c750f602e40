# The image of redactd: one static binary, no shell, an unprivileged user, and
# nothing written outside the volume /data.
#
#     docker build -t redactd .
#     docker run --read-only -p 8080:8080 -v redactd:/data \
#       -e REDACTD_UPSTREAM=http://host.docker.internal:8000 redactd

FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /out/redactd ./cmd/redactd \
 && mkdir /out/data

FROM scratch
ARG VERSION=dev
LABEL org.opencontainers.image.title="redactd" \
      org.opencontainers.image.description="HTTP hop that scrubs secrets out of error responses and log payloads" \
      org.opencontainers.image.source="https://github.com/redactd/redactd" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/redactd /usr/local/bin/redactd
COPY deploy/redactd.container.toml /etc/redactd/config.toml
# A named volume takes its owner from here.
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["/usr/local/bin/redactd", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/redactd"]
CMD ["serve", "--config", "/etc/redactd/config.toml"]
