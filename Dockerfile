# Two stages: dependencies change seldom and are cached; the code comes last. Serving needs no torch.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/klantstem
COPY pyproject.toml constraints.txt README.md ./
# Dependencies alone, from an empty package of the same name.
RUN mkdir models service training \
 && touch models/__init__.py service/__init__.py training/__init__.py \
 && /opt/klantstem/bin/pip install --no-cache-dir -c constraints.txt '.[postgres]' \
 && /opt/klantstem/bin/pip uninstall --yes klantstem
COPY models models
COPY service service
COPY training training
RUN /opt/klantstem/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 klantstem \
 && install -d -o klantstem -g klantstem /data /var/lib/klantstem
COPY --from=build /opt/klantstem /opt/klantstem
ENV PATH=/opt/klantstem/bin:$PATH PYTHONUNBUFFERED=1 KLANTSTEM_DATA_DIR=/var/lib/klantstem
# The embedded database and uploads; nothing of worth where PostgreSQL is used.
VOLUME /var/lib/klantstem
USER klantstem
WORKDIR /data
ENTRYPOINT ["klantstem"]
CMD ["--help"]
