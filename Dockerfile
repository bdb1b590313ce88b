# One planet for a team, over HTTP. It serves other machines, so it asks for a token:
#
#   docker build -t planet-mcp .
#   docker run -d -p 8000:8000 -v planet:/data -e PLANET_MCP_TOKEN=… planet-mcp
#
# Clients that call it by another name than localhost: -e PLANET_MCP_ALLOWED_HOSTS=planet.example.org
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.lock ./
# Every wheel is checked against its hash in the lock file.
RUN pip wheel --no-cache-dir --no-deps --require-hashes --requirement requirements.lock --wheel-dir /wheels
COPY pyproject.toml README.md LICENSE feeds.opml ./
COPY src src
RUN pip install --no-index --find-links /wheels hatchling \
 && pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && python -m venv /opt/planet-mcp \
 && /opt/planet-mcp/bin/pip install --no-index --find-links /wheels 'planet-mcp[pictures]'

FROM python:3.12-slim
LABEL io.modelcontextprotocol.server.name="io.github.planet-mcp/planet-mcp"
COPY --from=build /opt/planet-mcp /opt/planet-mcp
RUN useradd --system --uid 10001 planet && install -d -o planet /data
ENV PATH=/opt/planet-mcp/bin:$PATH PLANET_MCP_DATABASE=/data/planet.sqlite
USER planet
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=30s --timeout=5s CMD \
  ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["planet-mcp", "serve", "--http", "--host", "0.0.0.0"]
