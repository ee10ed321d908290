"""Client-side components: plain ES modules in `js/`, joined by `modules.bundle`, shown by anywidget."""
