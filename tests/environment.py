"""The settings of a test run, read before Django starts; what is set already is kept."""

import os

for name, value in {
    "SECRET_KEY": "for-tests-only-and-long-enough-to-be-no-excuse-for-a-short-one",
    "HANDRAIL_PUBLIC_URL": "http://testserver",
    "HANDRAIL_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "HANDRAIL_SAMPLING_SECRET": "for-tests-only-for-tests-only-32",
    "HANDRAIL_PERMIT_KEYS": "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
    "-----END PRIVATE KEY-----",
    "HANDRAIL_CHECKPOINT_KEYS": "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEA\n"
    "-----END PRIVATE KEY-----",
    "HANDRAIL_TESTING": "1",
    "HANDRAIL_ATTACHMENT_STORAGE": "django.core.files.storage.InMemoryStorage",
    "HANDRAIL_ATTACHMENT_STORAGE_OPTIONS": "{}",
    "DATABASE_URL": "postgres://postgres@127.0.0.1:5432/handrail",
    "LOG_LEVEL": "WARNING",
}.items():
    os.environ.setdefault(name, value)
