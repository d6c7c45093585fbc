"""What stands in front of Streamlit: the gate and the plain pages. Knows no Streamlit."""
