# The programs of a node: trainer-node, validator-node, neuron. Build it with `docker build --tag neuron .`; compose.yml runs it.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /neuron
RUN apt-get update \
    && apt-get install --yes --no-install-recommends cmake g++ make perl pkg-config \
    && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cargo build --release --locked --package trainer-node --package validator-node --package neuron

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 neuron \
    && useradd --uid 10001 --gid neuron --home-dir /var/lib/neuron --shell /usr/sbin/nologin neuron \
    && install --directory --owner=neuron --group=neuron --mode=0700 /var/lib/neuron
COPY --from=build /neuron/target/release/trainer-node /neuron/target/release/validator-node /neuron/target/release/neuron /usr/local/bin/
COPY --chmod=0755 configs/containers/health.sh /usr/local/bin/neuron-health
# By its number, so that whoever starts it can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/neuron
VOLUME /var/lib/neuron
# Time to reach chain and peers first.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["neuron-health"]
CMD ["neuron", "--help"]
