"""An agreement to fill in: an annotated file that holds as it stands once its texts are filled."""

from pathlib import Path

from careloom.core import OutputError, RequestError

TEMPLATE = Path(__file__).with_name("agreement_template.toml")


def write_new_agreement(path: Path) -> None:
    """Write the template. Raises RequestError for another ending than .toml, OutputError where a file is already."""
    if path.suffix != ".toml":
        raise RequestError(f"{path}: an agreement is a .toml file; name it so")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise OutputError(f"{path}: this is there already, perhaps filled in; name another file") from None
    except OSError as fault:
        raise OutputError(f"{path}: this cannot be written ({fault.strerror})") from None
