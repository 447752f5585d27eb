"""The commands of `fashion-wb`, a file each: options, one call, one print."""
