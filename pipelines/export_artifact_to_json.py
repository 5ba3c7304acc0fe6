"""Write artifacts as JSON files."""

from pipelines.parameters import ArtifactNames


def export_artifact_to_json(artifact_names: ArtifactNames) -> list[str]:
    """Write the newest version of each named artifact to output/artifacts/NAME.json."""
    from steps.artifacts import artifact_named
    from steps.export import serialize_artifact, to_json

    written = []
    for name in artifact_names:
        data = serialize_artifact(artifact_named(name), artifact_name=name)
        written.append(to_json(data, file_name=f"{name.replace('/', '_')}.json"))
    return [file.invocation_id for file in written]
