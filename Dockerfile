# The server as an image. It has no PostGIS of its own: give it TRACKER_DATABASE_URL (docker-compose.yml does).

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
ENV PATH=/app/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
# /readyz says whether the database answers and the migrations are in; the image has no curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["python", "-m", "tracker"]
CMD ["serve", "--bind", "0.0.0.0:8000"]
