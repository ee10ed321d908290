"""What tests look at from outside: kernels, answers, and time."""

import time
import urllib.error
import urllib.request

import psutil


def kernels(running):
    return [process for process in running.family() if "ipykernel" in command_line(process)]


def command_line(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it ended meanwhile
        return ""


def wait_until(true, patience=20):
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def status(url):
    try:
        return urllib.request.urlopen(url, timeout=10).status
    except urllib.error.HTTPError as answer:
        return answer.code
