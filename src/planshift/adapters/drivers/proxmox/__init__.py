"""Virtual machines of Proxmox VE, by its HTTP interface."""
