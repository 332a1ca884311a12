"""What a section of the report page is drawn with: lines, bars, bands, an axis of days, labels, numbers."""
