"""The gallery and the reference as static pages, which ask no server for anything."""
