"""Excel workbooks, in and out: Office Open XML, a ZIP of XML parts."""
