"""Devices, their memory and their arithmetic."""
