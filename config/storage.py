"""Static files under hashed names, with the imports of ES modules rewritten to match."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Hashed, compressed, cached for ever; Django calls the module support experimental."""

    support_js_module_import_aggregation = True
