# The tree and its environment, nothing published anywhere. Build: docker compose build
FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends make npm && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/muster
COPY . .
RUN python -m venv .venv \
 && .venv/bin/python -m pip install --no-cache-dir --constraint constraints.txt --editable . \
 && .venv/bin/python -m console.vendor \
 && .venv/bin/python -m places.compile gazetteer.sqlite

FROM python:3.12-slim
RUN useradd --system --uid 10001 --home-dir /srv/muster muster \
 && mkdir -p /var/lib/muster && chown muster /var/lib/muster
COPY --from=build --chown=root:root /srv/muster /srv/muster
WORKDIR /srv/muster
USER muster
ENV PATH=/srv/muster/.venv/bin:$PATH PYTHONUNBUFFERED=1 \
    MUSTER_DATA_DIR=/var/lib/muster MUSTER_GAZETTEER=/srv/muster/gazetteer.sqlite
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["muster"]
CMD ["run", "all"]
