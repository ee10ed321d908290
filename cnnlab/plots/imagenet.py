"""Accuracy on ImageNet against parameters against multiply-adds: published figures with their sources.

Three sources that do not measure alike, kept apart: torchvision's first weights (IMAGENET1K_V1, one crop), the model
table of EE541, unit 8 (from Keras's documentation: one crop, weights of other trainings) and table 4 of He et al. 2016
(several scales and crops). torchvision's Inception v3 counts its auxiliary head as a parameter; ours, as run, do not.
"""

from html import escape

import plotly.graph_objects as go

TORCHVISION = "torchvision’s first weights, one crop"
LECTURE = "table of EE541 unit 8 (Keras), one crop"
HE = "He et al. 2016, table 4, many scales and crops"

# name of the network: top-1 and top-5 accuracy in percent
TORCHVISION_TABLE = {
    "alexnet": (56.522, 79.066),
    "vgg11": (69.020, 88.628),
    "vgg13": (69.928, 89.246),
    "vgg16": (71.592, 90.382),
    "vgg19": (72.376, 90.876),
    "vgg16_bn": (73.360, 91.516),
    "googlenet": (69.778, 89.530),
    "inception_v3": (77.294, 93.450),
    "resnet18": (69.758, 89.078),
    "resnet34": (73.314, 91.420),
    "resnet50": (76.130, 92.862),
    "resnet101": (77.374, 93.546),
    "resnet152": (78.312, 94.046),
    "resnext50_32x4d": (77.618, 93.698),
    "wide_resnet50_2": (78.468, 94.086),
    "densenet121": (74.434, 91.972),
    "densenet161": (77.138, 93.560),
    "densenet169": (75.600, 92.806),
    "densenet201": (76.896, 93.370),
    "squeezenet1_0": (58.092, 80.420),
    "squeezenet1_1": (58.178, 80.624),
    "mobilenet_v2": (71.878, 90.286),
    "shufflenet_v2_x1_0": (69.362, 88.316),
    "mnasnet1_0": (73.456, 91.510),
    "efficientnet_b0": (77.692, 93.532),
    "convnext_tiny": (82.520, 96.146),
}
# title: top-1, top-5 accuracy, parameters; the table gives no multiply-adds
LECTURE_TABLE = {
    "Xception": (79.0, 94.5, 22_910_480),
    "VGG16": (71.3, 90.1, 138_357_544),
    "VGG19": (71.3, 90.0, 143_667_240),
    "ResNet50": (74.9, 92.1, 25_636_712),
    "ResNet101": (76.4, 92.8, 44_707_176),
    "ResNet152": (76.6, 93.1, 60_419_944),
    "ResNet50V2": (76.0, 93.0, 25_613_800),
    "ResNet101V2": (77.2, 93.8, 44_675_560),
    "ResNet152V2": (78.0, 94.2, 60_380_648),
    "InceptionV3": (77.9, 93.7, 23_851_784),
    "InceptionResNetV2": (80.3, 95.3, 55_873_736),
    "MobileNet": (70.4, 89.5, 4_253_864),
    "MobileNetV2": (71.3, 90.1, 3_538_984),
    "DenseNet121": (75.0, 92.3, 8_062_504),
    "DenseNet169": (76.2, 93.2, 14_307_880),
    "DenseNet201": (77.3, 93.6, 20_242_984),
    "NASNetMobile": (74.4, 91.9, 5_326_716),
    "NASNetLarge": (82.5, 96.0, 88_949_818),
}
# name of the network: top-1 and top-5 error in percent
HE_TABLE = {
    "vgg19": (24.4, 7.1),
    "resnet34": (21.53, 5.60),
    "resnet50": (20.74, 5.25),
    "resnet101": (19.87, 4.60),
    "resnet152": (19.38, 4.49),
}


def figures(counts):
    """[source, network, parameters, multiply-adds or None, top-1, top-5] of every published figure.

    counts : {name: (parameters, multiply-adds)} of the networks, at the input sizes of their papers
    """
    rows = [[TORCHVISION, name, *counts[name], *both] for name, both in TORCHVISION_TABLE.items()]
    rows += [[LECTURE, title, count, None, one, five] for title, (one, five, count) in LECTURE_TABLE.items()]
    rows += [[HE, name, *counts[name], 100 - one, 100 - five] for name, (one, five) in HE_TABLE.items()]
    return rows


LOOK = {TORCHVISION: ("circle", "#0072B2"), LECTURE: ("diamond", "#E69F00"), HE: ("square", "#009E73")}
NAMED = {
    "alexnet": "top center",
    "squeezenet1_0": "bottom right",
    "vgg11": "bottom center",
    "googlenet": "bottom center",
    "resnet18": "bottom center",
    "resnet34": "bottom center",
    "mobilenet_v2": "middle left",
    "efficientnet_b0": "top center",
    "convnext_tiny": "top center",
}
AXES = {"parameters": 2, "multiply-adds": 3}
SCORES = {"top-1": 4, "top-5": 5}


def accuracy_chart(counts):
    """The chart: hover for all figures of a network; buttons choose what each axis shows."""
    rows = figures(counts)
    chart = go.Figure()
    for source, (symbol, colour) in LOOK.items():
        mine = [row for row in rows if row[0] == source]
        labelled = source == TORCHVISION
        chart.add_scatter(
            name=source,
            x=[row[2] for row in mine],
            y=[row[4] for row in mine],
            mode="markers+text" if labelled else "markers",
            text=[row[1] if row[1] in NAMED else "" for row in mine],
            textposition=[NAMED.get(row[1], "top center") for row in mine],
            textfont={"size": 14, "color": "#333"},
            hovertext=[_words(row) for row in mine],
            hoverinfo="text",
            marker={"symbol": symbol, "color": colour, "size": 12, "line": {"color": "white", "width": 1}},
        )
    chart.update_layout(
        template="plotly_white",
        height=560,
        font={"size": 16, "color": "#1a1a1a"},
        paper_bgcolor="white",
        margin={"l": 70, "r": 20, "t": 60, "b": 60},
        xaxis={"title": "parameters", "type": "log", "dtick": 1, "exponentformat": "SI"},
        yaxis={"title": "top-1 accuracy, %"},
        legend={"orientation": "h", "y": -0.17},
        hoverlabel={"font": {"size": 16}, "align": "left"},
        updatemenus=[_buttons(rows, AXES, "x", 0.0), _buttons(rows, SCORES, "y", 0.42)],
    )
    return chart


def _words(row):
    source, name, parameters, work, one, five = row
    counted = f"{work / 1e9:.2f} G multiply-adds" if work else "multiply-adds not given"
    return (
        f"<b>{name}</b><br>{parameters:,} parameters<br>{counted}<br>top-1 {one:.2f} %, top-5 {five:.2f} %<br>{source}"
    )


def _buttons(rows, choices, axis, place):
    """One button a quantity that the axis may show."""

    def values(column):
        return [[row[column] for row in rows if row[0] == source] for source in LOOK]

    def title(name):
        return f"{name} accuracy, %" if axis == "y" else name

    made = [
        {
            "label": title(name),
            "method": "update",
            "args": [{axis: values(column)}, {f"{axis}axis.title.text": title(name)}],
        }
        for name, column in choices.items()
    ]
    return {"type": "buttons", "direction": "right", "buttons": made, "x": place, "y": 1.14, "xanchor": "left"}


def figures_table(counts):
    """The same figures as an HTML table, for pages without plotly and for screen readers."""
    heads = ("network", "parameters", "multiply-adds", "top-1 %", "top-5 %", "source")
    lines = [
        f"<tr><td>{escape(name)}</td><td>{parameters:,}</td><td>{f'{work:,}' if work else '·'}</td>"
        f"<td>{one:.2f}</td><td>{five:.2f}</td><td>{escape(source)}</td></tr>"
        for source, name, parameters, work, one, five in figures(counts)
    ]
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
