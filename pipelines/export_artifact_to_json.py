"""Write artifacts as files."""

from pipelines.parameters import ArtifactNames, ExportFormats


def export_artifact_to_json(artifact_names: ArtifactNames, formats: ExportFormats = None) -> list[str]:
    """Write the newest version of each named artifact below output/artifacts/, datasets in each of the formats."""
    from steps.artifacts import artifact_named
    from steps.export import serialize_artifact, to_dataset_files, to_json

    wanted = formats or ["json"]
    written = []
    for name in artifact_names:
        artifact, file = artifact_named(name), name.replace("/", "_")
        if "json" in wanted:
            data = serialize_artifact(artifact, artifact_name=name)
            written.append(to_json(data, file_name=file))
        if of_rows := [one for one in wanted if one != "json"]:
            written.append(to_dataset_files(artifact, file, of_rows))
    return [output.invocation_id for output in written]
