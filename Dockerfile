# One image for the server, the worker and every other command of Passerelle. It holds no PostgreSQL: name one.
#
# Python 3.11 is the version that the suite runs on.
FROM python:3.11-slim AS builder

WORKDIR /app
COPY requirements.production.lock ./
RUN python -m venv /app/.venv
RUN /app/.venv/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.production.lock
RUN /app/.venv/bin/python -m pip uninstall --quiet --yes pip setuptools

COPY service/ service/
COPY templates/ templates/
COPY migrations/ migrations/
RUN printf '%s\n' '#!/app/.venv/bin/python' 'from service.cli import main' 'main()' > /app/.venv/bin/passerelle
# Compiled here: the image is read only where it runs. Readable by all, whatever the umask of the checkout was.
RUN python -m compileall -q service migrations && chmod -R a+rX /app && chmod a+x /app/.venv/bin/passerelle
RUN mkdir /data


FROM python:3.11-slim

LABEL org.opencontainers.image.title="Passerelle" \
      org.opencontainers.image.description="Event and workshop booking for a Campus des Métiers et des Qualifications." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"

ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    DATA_DIR=/data

WORKDIR /app
COPY --from=builder /app /app
COPY --from=builder --chown=10001:10001 /data /data

# A number: an orchestrator that refuses root can see that this is not root.
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM

# That the process lives. Not /readyz: a database that is away would have every web process killed for it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "service.alive"]

CMD ["passerelle", "serve"]
