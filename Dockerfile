# The server as an image. It has no PostGIS of its own: give it TRACKER_DATABASE_URL (docker-compose.yml does).
# The base images are named by version, not by digest: pin them where you build, by what `docker buildx imagetools inspect`
# says of them.

FROM node:24-slim AS page
WORKDIR /web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.13-slim AS packages
# The same version as in uv.lock; a test compares.
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups --compile-bytecode

FROM python:3.13-slim
# A user with a name and a fixed number, who owns nothing in the image: the server cannot rewrite itself.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tracker
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY --from=page /web/dist web/dist
COPY sql sql
COPY docs/asyncapi.json docs/asyncapi.json
COPY tracker tracker
# So that `docker compose exec server tracker sign-in` needs no more words.
RUN printf '#!/bin/sh\nexec python -m tracker "$@"\n' > /usr/local/bin/tracker && chmod 755 /usr/local/bin/tracker
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TRACKER_BIND=0.0.0.0:8000
USER 10001
EXPOSE 8000
# Alive, not ready: a server that waits for its database, or stands by, must not be ended for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "tracker.health"]
ENTRYPOINT ["python", "-m", "tracker"]
CMD ["serve"]
