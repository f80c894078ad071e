# earmark with its web page, for a server at home: docs/home-server.md says how it is built and run.
FROM python:3.11-slim-bookworm AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY recipes recipes
COPY src src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
# Where pip finds PyTorch's build for machines without a graphics card, which is smaller by gigabytes.
ARG PIP_EXTRA_INDEX_URL
COPY constraints.txt /tmp/constraints.txt
RUN --mount=type=bind,from=wheel,source=/wheels,target=/wheels \
    pip install --no-cache-dir --constraint /tmp/constraints.txt "$(echo /wheels/earmark-*.whl)[av,web]" && \
    useradd --uid 1000 --create-home earmark && \
    install --directory --owner=earmark /music /state
USER earmark
# The journal of what was written, taught classifiers and runs stay in /state; what is in the cache can be made again.
ENV EARMARK_DATA=/state EARMARK_CACHE=/state/cache
VOLUME ["/state"]
WORKDIR /state
EXPOSE 8765
ENTRYPOINT ["earmark"]
CMD ["serve", "/music", "--host", "0.0.0.0", "--port", "8765", "--runs", "/state/runs"]
