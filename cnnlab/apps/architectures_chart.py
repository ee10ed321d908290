"""The chart of accuracies in a notebook: plotly where the page has it, and the same figures as a table elsewhere."""

import json

from IPython.display import display

from cnnlab.apps.architectures_menu import counts
from cnnlab.plots import imagenet


def show():
    """Show the chart; a page that cannot draw it, as the static one, shows the table."""
    chart = json.loads(imagenet.accuracy_chart(counts()).to_json())
    display({"application/vnd.plotly.v1+json": chart, "text/html": imagenet.figures_table(counts())}, raw=True)
